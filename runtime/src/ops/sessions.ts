import { createHmac, randomBytes } from "node:crypto";
import { isSameKey } from "../http.ts";

/** The cookie of a login. */
export const SESSION_COOKIE = "opspec_ops";

/** Life of a session in seconds: a working day. */
export const SESSION_SECONDS = 12 * 3600;

/** Ended sessions that are remembered until they expire by themselves. */
const ENDED_MAX = 1000;

/** Enough bytes that no two sessions are ever the same. */
const ID_BYTES = 16;

/** A login until it expires. */
export interface Session {
  readonly id: string;
  /** What the console sends with a change; no other site can know it. */
  readonly csrf: string;
  readonly expiresAt: Date;
}

/** Logins with one token. */
export type Sessions = ReturnType<typeof createSessions>;

/**
 * Sessions that are signed with the token.
 *
 * A session is stored nowhere, so it survives a restart and is valid at each instance. A new token
 * ends all of them. Only the instance that ended a session refuses it.
 */
export function createSessions(token: string, now: () => Date) {
  const key = createHmac("sha256", token).update("opspec ops session").digest();
  const sign = (text: string): string => createHmac("sha256", key).update(text).digest("base64url");
  const ended = new Set<string>();
  const sessionOf = (id: string, expiresMs: number): Session => {
    return { id, csrf: sign(`csrf ${id}`), expiresAt: new Date(expiresMs) };
  };
  return {
    /** Begins one; `value` is the value of its cookie. */
    begin: (): Session & { readonly value: string } => {
      const id = randomBytes(ID_BYTES).toString("base64url");
      const expiresMs = now().getTime() + SESSION_SECONDS * 1000;
      const signed = `${id}.${expiresMs}`;
      return { ...sessionOf(id, expiresMs), value: `${signed}.${sign(`session ${signed}`)}` };
    },
    find: (value: string): Session | undefined => {
      const [id = "", expires = "", signature = ""] = value.split(".");
      const expiresMs = Number(expires);
      const isSigned = isSameKey(signature, sign(`session ${id}.${expires}`));
      if (!isSigned || ended.has(id) || now().getTime() >= expiresMs) return undefined;
      return sessionOf(id, expiresMs);
    },
    end: ({ id }: Session): void => {
      const [oldest] = ended;
      if (ended.size >= ENDED_MAX && oldest !== undefined) ended.delete(oldest);
      ended.add(id);
    },
  };
}
