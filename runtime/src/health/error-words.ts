import { errorCode } from "../contract/error-code.ts";
import { ConfigurationError } from "../contract/configuration-error.ts";
import { CheckError } from "./check.ts";

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
  return WORDS[code] ?? `failed (${code})`;
}

/** Words for the codes of Node, Postgres and Redis that operators meet. @see https://www.postgresql.org/docs/current/errcodes-appendix.html */
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  EPIPE: "connection reset",
  ECONNABORTED: "connection reset",
  ENOTFOUND: "name not found",
  EAI_AGAIN: "name not found for now",
  ETIMEDOUT: "timed out",
  UND_ERR_CONNECT_TIMEOUT: "timed out",
  UND_ERR_HEADERS_TIMEOUT: "timed out",
  UND_ERR_SOCKET: "connection reset",
  EHOSTUNREACH: "host not reachable",
  ENETUNREACH: "network not reachable",
  CERT_HAS_EXPIRED: "certificate expired",
  DEPTH_ZERO_SELF_SIGNED_CERT: "certificate not trusted",
  SELF_SIGNED_CERT_IN_CHAIN: "certificate not trusted",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "certificate not trusted",
  ERR_TLS_CERT_ALTNAME_INVALID: "certificate is for another name",
  ERR_INVALID_URL: "the URL cannot be read",
  ENOENT: "not found",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "read-only",
  ENOSPC: "disk full",
  ENOTDIR: "not a directory",
  EIO: "input/output error",
  "28P01": "password refused",
  "28000": "login refused",
  "3D000": "no such database",
  "53300": "too many connections",
  "57P01": "connection ended by the server",
  "57P03": "not ready: starting up or recovering",
  "42P01": "no such table",
  "42501": "permission denied",
  WRONGTYPE: "the key holds another type",
  NOAUTH: "password needed",
  WRONGPASS: "password refused",
  NOPERM: "permission denied",
  LOADING: "not ready: loading its data",
  READONLY: "is a read-only replica",
  MASTERDOWN: "its primary is down",
  OOM: "out of memory",
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
