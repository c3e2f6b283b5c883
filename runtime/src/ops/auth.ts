import type { MiddlewareHandler } from "hono";
import { getCookie } from "hono/cookie";
import { type Env, valueOf } from "../contract/env.ts";
import { CALL_TOKEN, type ManifestOps, OPS_TOKEN } from "../contract/manifest.ts";
import { type Connection, HttpError, isSameKey } from "../http.ts";
import type { Access, OpsEnv, OpsRoute } from "./api.ts";
import { type Session, SESSION_COOKIE } from "./sessions.ts";

/** Proves that a change comes from the console: a page of another site cannot know the value. */
const CSRF_HEADER = "x-csrf-token";

/** The answer to a missing or wrong token; the same for every path. */
const CHALLENGE = { "www-authenticate": 'Bearer realm="ops"' };

/** The configuration of authorization. */
export interface AuthConfig {
  readonly env: Env;
  /** Paths that are open without a token. */
  readonly open: ManifestOps;
}

/** A request with the properties of its sender. */
export interface AuthRequest {
  readonly request: Request;
  /** Address of the connection; undefined without one, as in a test. */
  readonly address: string | undefined;
  readonly session: Session | undefined;
  /** The requested route; undefined when none matches. */
  readonly route: OpsRoute | undefined;
}

/** Sets `access` and `session`, or refuses the request. */
export function authorize(
  config: AuthConfig,
  route: OpsRoute | undefined,
): MiddlewareHandler<OpsEnv> {
  return async (c, next) => {
    const address = addressOf(c.env);
    const session = c.var.ops.sessions?.find(getCookie(c, SESSION_COOKIE) ?? "");
    c.set("session", session);
    c.set("access", accessOf(config, { request: c.req.raw, address, session, route }));
    await next();
  };
}

/**
 * Decides with which access a request is answered.
 *
 * Without any token set, /ops is closed except for the paths that are declared as open. Tokens are
 * compared by their hashes in constant time.
 *
 * @throws HttpError 404 when closed, 401 when the token is missing or wrong, 403 when it opens other routes only
 */
function accessOf(config: AuthConfig, request: AuthRequest): Access {
  const { route } = request;
  const access = tokenAccess(config, request) ?? cookieAccess(request);
  if (access === "ops" || (access && route?.openTo === "call")) return access;
  if (isOpen(config, request)) return "open";
  if (access) throw new HttpError(403, "this token only starts and reads runs");
  if (isClosed(config, route)) throw new HttpError(404, "not found");
  if (route?.openTo === "anybody") return "open";
  const what = tokenOf(request.request.headers) === undefined ? "missing" : "wrong";
  throw new HttpError(401, `the token is ${what}`, CHALLENGE);
}

/** Whether it is the operators' token. */
export function isOpsToken(env: Env, given: string): boolean {
  const token = valueOf(env, OPS_TOKEN);
  return token !== undefined && isSameKey(given, token);
}

function tokenAccess(
  { env }: AuthConfig,
  { request, route }: AuthRequest,
): "ops" | "call" | undefined {
  const given = tokenOf(request.headers);
  if (given === undefined) return undefined;
  if (isOpsToken(env, given)) return "ops";
  const others = (route?.tokenEnvs ?? []).flatMap((name) => valueOf(env, name) ?? []);
  // Compare with all of them, so that the time reveals nothing.
  if (others.filter((token) => isSameKey(given, token)).length > 0) return "ops";
  const call = valueOf(env, CALL_TOKEN);
  return call !== undefined && isSameKey(given, call) ? "call" : undefined;
}

/**
 * A browser sends the cookie with every request, so a change needs a CSRF token too. A route that
 * is open to anybody needs none, so that an operator can log in again in a tab with an old session.
 *
 * @throws HttpError 403 for a change that did not come from the console
 */
function cookieAccess({ request, route, session }: AuthRequest): "ops" | undefined {
  if (!session) return undefined;
  if (request.method === "GET" || request.method === "HEAD") return "ops";
  const given = request.headers.get(CSRF_HEADER) ?? "";
  if (isSameSite(request) && isSameKey(given, session.csrf)) return "ops";
  if (route?.openTo === "anybody") return undefined;
  throw new HttpError(403, `the request is not from the page: ${CSRF_HEADER} is missing or wrong`);
}

/**
 * Whether the console sent the request, by the headers that browsers set; other clients set none.
 */
export function isSameSite({ headers }: Request): boolean {
  const site = headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin" && site !== "none") return false;
  const origin = headers.get("origin");
  if (origin === null) return true;
  const host = headers.get("x-forwarded-host") ?? headers.get("host");
  return URL.parse(origin)?.host === host;
}

function isOpen({ open }: AuthConfig, { route, request, address }: AuthRequest): boolean {
  if (!route || route.method !== "GET") return false;
  const isNamed = (paths: readonly string[] = []): boolean => paths.includes(route.path);
  return (
    isNamed(open.public) || (isNamed(open.loopbackOnly) && isOnLoopback(address, request.headers))
  );
}

function isClosed({ env }: AuthConfig, route: OpsRoute | undefined): boolean {
  const names = [OPS_TOKEN, CALL_TOKEN, ...(route?.tokenEnvs ?? [])];
  return names.every((name) => valueOf(env, name) === undefined);
}

function tokenOf(headers: Headers): string | undefined {
  const bearer = /^Bearer (\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
  return bearer ?? headers.get("x-ops-token") ?? undefined;
}

/** Headers that a proxy adds. With any of them, the request does not come from this machine. */
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
 * Whether a program on this machine sends its own request.
 *
 * The connection must come from loopback, without a proxy's headers, for a local host name, and not
 * from a browser page of another site.
 */
function isOnLoopback(address: string | undefined, headers: Headers): boolean {
  if (!LOOPBACK_ADDRESS.test(address ?? "")) return false;
  if (FORWARDING_HEADERS.some((name) => headers.has(name))) return false;
  if (!LOOPBACK_HOST.test(headers.get("host") ?? "")) return false;
  const site = headers.get("sec-fetch-site") ?? "none";
  return site === "none" || site === "same-origin";
}

/** The address of a request's connection. */
export function addressOf({ incoming }: Connection = {}): string | undefined {
  return incoming?.socket.remoteAddress;
}

/** Longest client address: IPv6 with an embedded IPv4 has 45 characters, and a port may follow. */
const ADDRESS_MAX = 64;

/**
 * The address that identifies a client: the last one of `X-Forwarded-For`, which the nearest proxy
 * wrote, else the connection's.
 */
export function clientOf(address: string | undefined, headers: Headers): string {
  const forwarded = headers.get("x-forwarded-for")?.split(",").at(-1)?.trim();
  return (forwarded || address || "unknown").slice(0, ADDRESS_MAX);
}
