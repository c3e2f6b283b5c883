/** Who holds the other end of the connection. */
export interface Caller {
  /** Address of the connection; undefined where there is none, as in a test. */
  readonly address: string | undefined;
}

/** Headers by which a proxy says for whom it asks. One of them is enough: the caller is somebody else. */
const FORWARDING_HEADERS = [
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-real-ip",
  "forwarded",
  "via",
  "cf-connecting-ip",
  "true-client-ip",
];

const LOOPBACK_ADDRESS = /^(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$|^::1$/i;

const LOOPBACK_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;

/**
 * Whether somebody on this machine asks for himself.
 *
 * The address of the connection counts, and it counts for nothing when a proxy says that it asks
 * for somebody else, when the request was meant for a public name, or when a page of another site
 * sent it through a browser here.
 */
export function isOnLoopback({ address = "" }: Caller, headers: Headers): boolean {
  if (!LOOPBACK_ADDRESS.test(address)) return false;
  if (FORWARDING_HEADERS.some((name) => headers.has(name))) return false;
  if (!LOOPBACK_HOST.test(headers.get("host") ?? "")) return false;
  const site = headers.get("sec-fetch-site") ?? "none";
  return site === "none" || site === "same-origin";
}

/** Longest address that is looked at: IPv6 with an embedded IPv4 has 45 letters, and a port may follow. */
const ADDRESS_MAX = 64;

/**
 * By which address clients are told apart: the last one of `X-Forwarded-For`, which the nearest proxy
 * wrote, else the connection's.
 */
export function clientOf({ address }: Caller, headers: Headers): string {
  const forwarded = headers.get("x-forwarded-for")?.split(",").at(-1)?.trim();
  return (forwarded || address || "unknown").slice(0, ADDRESS_MAX);
}
