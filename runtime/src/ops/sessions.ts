import { createHmac, randomBytes } from "node:crypto";
import { isSameKey } from "../health/secret-key.ts";

/** A working day: who comes back the next one logs in again. */
export const SESSION_SECONDS = 12 * 3600;

/** Ended sessions that are remembered until they would have expired by themselves. */
const ENDED_MAX = 1000;

/** Enough that no two sessions are ever the same. */
const ID_BYTES = 16;

/** A login that is good until it expires. */
export interface Session {
  readonly id: string;
  /** What a page must send along when it changes something; no other site can know it. */
  readonly csrf: string;
  readonly expiresAt: Date;
}

/**
 * Logins of one token.
 *
 * A session is signed and kept nowhere, so that it outlives a restart and is known to each instance;
 * a new token ends all of them. An ended one is refused by the instance that ended it.
 */
export interface Sessions {
  /** Begins one; the value is its cookie's. */
  begin(): Session & { readonly value: string };
  find(value: string): Session | undefined;
  end(session: Session): void;
}

/** Sessions that are signed with the token. */
export function createSessions(token: string, now: () => Date): Sessions {
  const key = createHmac("sha256", token).update("opspec ops session").digest();
  const sign = (text: string): string => createHmac("sha256", key).update(text).digest("base64url");
  const ended = new Set<string>();
  const sessionOf = (id: string, expiresMs: number): Session => ({
    id,
    csrf: sign(`csrf ${id}`),
    expiresAt: new Date(expiresMs),
  });
  return {
    begin: () => {
      const id = randomBytes(ID_BYTES).toString("base64url");
      const expiresMs = now().getTime() + SESSION_SECONDS * 1000;
      const signed = `${id}.${expiresMs}`;
      return { ...sessionOf(id, expiresMs), value: `${signed}.${sign(`session ${signed}`)}` };
    },
    find: (value) => {
      const [id = "", expires = "", signature = ""] = value.split(".");
      const expiresMs = Number(expires);
      const isSigned = isSameKey(signature, sign(`session ${id}.${expires}`));
      if (!isSigned || ended.has(id) || now().getTime() >= expiresMs) return undefined;
      return sessionOf(id, expiresMs);
    },
    end: ({ id }) => {
      const [oldest] = ended;
      if (ended.size >= ENDED_MAX && oldest !== undefined) ended.delete(oldest);
      ended.add(id);
    },
  };
}
