import { errorCode } from "../contract/error-code.ts";
import { ConfigurationError } from "../contract/configuration-error.ts";

/** An error whose message is safe to show to anybody: it holds no host and no credential. */
export class CheckError extends Error {
  override readonly name = "CheckError";
}

/**
 * Describes an error by its code and never by its text. Drivers write hosts, users and whole URLs
 * into their messages, and a health path is often public.
 */
export function errorWords(error: unknown): string {
  if (error instanceof CheckError) return error.message;
  if (error instanceof ConfigurationError) {
    return error.problems.map(({ where, message }) => `${where} ${message}`).join(" ");
  }
  const code = codeOf(error);
  if (code === undefined) return `failed (${nameOf(error)})`;
  const words = Object.entries(CODES_OF).find(([, codes]) => codes.split(" ").includes(code));
  return words?.[0] ?? `failed (${code})`;
}

/** Words, with the codes of Node, Postgres and Redis that operators meet. @see https://www.postgresql.org/docs/current/errcodes-appendix.html */
const CODES_OF: Readonly<Record<string, string>> = {
  "connection refused": "ECONNREFUSED",
  "connection reset": "ECONNRESET EPIPE ECONNABORTED UND_ERR_SOCKET",
  "connection ended by the server": "57P01",
  "name not found": "ENOTFOUND",
  "name not found for now": "EAI_AGAIN",
  "timed out": "ETIMEDOUT UND_ERR_CONNECT_TIMEOUT UND_ERR_HEADERS_TIMEOUT",
  "host not reachable": "EHOSTUNREACH",
  "network not reachable": "ENETUNREACH",
  "certificate expired": "CERT_HAS_EXPIRED",
  "certificate not trusted":
    "DEPTH_ZERO_SELF_SIGNED_CERT SELF_SIGNED_CERT_IN_CHAIN UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "certificate is for another name": "ERR_TLS_CERT_ALTNAME_INVALID",
  "the URL cannot be read": "ERR_INVALID_URL",
  "not found": "ENOENT",
  "not a directory": "ENOTDIR",
  "permission denied": "EACCES EPERM 42501 NOPERM",
  "read-only": "EROFS",
  "disk full": "ENOSPC",
  "input/output error": "EIO",
  "password refused": "28P01 WRONGPASS",
  "password needed": "NOAUTH",
  "login refused": "28000",
  "no such database": "3D000",
  "no such table": "42P01",
  "too many connections": "53300",
  "not ready: starting up or recovering": "57P03",
  "not ready: loading its data": "LOADING",
  "the key holds another type": "WRONGTYPE",
  "is a read-only replica": "READONLY",
  "its primary is down": "MASTERDOWN",
  "out of memory": "OOM",
};

/** Most causes that are followed: fetch wraps an error once, an AggregateError once more. */
const CAUSES_MAX = 4;

function codeOf(error: unknown): string | undefined {
  let current = error;
  for (let depth = 0; depth < CAUSES_MAX && current instanceof Error; depth += 1) {
    const code = ownCode(current);
    if (code !== undefined) return code;
    current = current instanceof AggregateError ? current.errors[0] : current.cause;
  }
  return undefined;
}

function ownCode(error: Error): string | undefined {
  const code = errorCode(error);
  if (code !== undefined && /^[A-Z0-9_]{2,60}$/.test(code)) return code;
  // The first word of a Redis error is its code by the protocol. @see https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors
  if (error.name === "ReplyError") return /^[A-Z]{2,20}(?= )/.exec(error.message)?.[0];
  return error.name === "TimeoutError" ? "ETIMEDOUT" : undefined;
}

function nameOf(error: unknown): string {
  const name = error instanceof Error ? error.name : typeof error;
  return /^[A-Za-z]{1,40}$/.test(name) ? name : "Error";
}
