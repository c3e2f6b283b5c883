import { execFile } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { afterEach } from "vitest";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";

/** A mail that a test server received. */
export interface SeenMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly user: unknown;
  readonly isEncrypted: boolean;
  /** With its headers. */
  readonly text: string;
}

/** A mail server on loopback that is closed after the test. */
export interface TestMailServer {
  readonly port: number;
  readonly seen: SeenMail[];
}

const OPEN = new Set<{ close(done: () => void): unknown }>();

/** Starts a mail server that accepts every mail unless the options say otherwise. */
export async function startMailServer(options: SMTPServerOptions = {}): Promise<TestMailServer> {
  const seen: SeenMail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    logger: false,
    onData(stream, session, done) {
      const parts: Buffer[] = [];
      stream.on("data", (part: Buffer) => parts.push(part));
      stream.on("end", () => {
        const { mailFrom, rcptTo } = session.envelope;
        seen.push({
          from: mailFrom === false ? "" : mailFrom.address,
          to: rcptTo.map((it) => it.address),
          user: session.user,
          isEncrypted: session.secure,
          text: Buffer.concat(parts).toString(),
        });
        done();
      });
    },
    ...options,
  });
  server.on("error", () => {});
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  OPEN.add(server);
  return { port: (server.server.address() as AddressInfo).port, seen };
}

/** A self-signed certificate for `localhost`, with its key. */
export async function selfSignedCertificate(
  openssl: string,
): Promise<{ readonly key: string; readonly cert: string }> {
  const options =
    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -keyout - " +
    "-subj /CN=localhost -addext subjectAltName=DNS:localhost";
  const { stdout } = await promisify(execFile)(openssl, options.split(" "));
  const [key = "", cert = ""] =
    stdout.match(/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----/g) ?? [];
  return { key, cert };
}

afterEach(async () => {
  for (const server of OPEN) await new Promise<void>((resolve) => server.close(resolve));
  OPEN.clear();
});
