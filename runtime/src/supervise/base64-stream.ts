import { Transform } from "node:stream";

const FOREIGN = /[^A-Za-z0-9+/=\s]/;

/**
 * Decodes base64 as it comes, and fails at the first thing that is not base64.
 *
 * Node's own decoder passes over what it does not know, so a cut or mixed-up file would give a
 * shorter one without a word.
 */
export function decodeBase64(): Transform {
  let rest = "";
  let hasEnded = false;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const text = chunk.toString("latin1");
      if (FOREIGN.test(text)) return done(new Error("it holds something that is not base64"));
      const clean = rest + text.replaceAll(/\s/g, "");
      const whole = clean.length - (clean.length % 4);
      const ready = clean.slice(0, whole);
      rest = clean.slice(whole);
      const padding = ready.indexOf("=");
      if (hasEnded && clean !== "") return done(new Error("base64 goes on after its end"));
      hasEnded ||= padding >= 0;
      if (padding >= 0 && !/^={1,2}$/.test(ready.slice(padding))) {
        return done(new Error("base64 goes on after its end"));
      }
      return done(null, Buffer.from(ready, "base64"));
    },
    flush(done) {
      done(rest === "" ? null : new Error("the base64 is cut short"));
    },
  });
}
