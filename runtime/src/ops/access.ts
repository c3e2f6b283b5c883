import { isSameKey } from "../health/secret-key.ts";
import { Refusal } from "./json-api/exchange.ts";
import { type Env, valueOf } from "../contract/env.ts";
import { type Caller, isOnLoopback } from "./caller.ts";
import type { ManifestOps } from "../contract/manifest.ts";
import type { Access, OpsRoute } from "./route.ts";
import type { Session, Sessions } from "./sessions.ts";

/** Opens everything under /ops. */
export const OPS_TOKEN = "OPSPEC_OPS_TOKEN";

/** Opens no more than starting a job that is started by calls, and reading the run of it. */
const CALL_TOKEN = "OPSPEC_CALL_TOKEN";

/** The cookie of a login. */
export const SESSION_COOKIE = "opspec_ops";

/** In which a page proves that it is ours: a page of another site cannot know the value. */
const CSRF_HEADER = "x-csrf-token";

/** What a caller without a good token is told; the same for every path. */
const CHALLENGE = { "www-authenticate": 'Bearer realm="ops"' };

/** What decides who may ask what. */
export interface Locks {
  readonly env: Env;
  /** Undefined where no token is set: then nobody can log in. */
  readonly sessions: Sessions | undefined;
  /** Paths that are open without a token. */
  readonly open: ManifestOps;
}

/** A request, who sent it, and what it asks for; no route when there is none. */
export interface Knock {
  readonly request: Request;
  readonly caller: Caller;
  readonly route: OpsRoute | undefined;
}

/**
 * As whom a request is answered.
 *
 * Without any token set there is nothing under /ops but what is declared as open: it is closed, never
 * open. Tokens are compared by their hashes in constant time.
 *
 * @throws Refusal 404 when closed, 401 when the token is missing or wrong, 403 when it opens other routes only
 */
export function accessOf(locks: Locks, knock: Knock): Access {
  const { route, request } = knock;
  const access = tokenAccess(locks, knock) ?? cookieAccess(locks, knock);
  if (access === "ops" || (access && route?.openTo === "call")) return access;
  if (isOpen(locks, knock)) return "open";
  if (access) throw new Refusal(403, "this token only starts and reads runs");
  if (isClosed(locks, route)) throw new Refusal(404, "not found");
  if (route?.openTo === "anybody") return "open";
  const what = tokenOf(request.headers) === undefined ? "missing" : "wrong";
  throw new Refusal(401, `the token is ${what}`, CHALLENGE);
}

/** The session of a request's cookie, whatever it may do. */
export function sessionOf({ sessions }: Locks, request: Request): Session | undefined {
  const cookies = (request.headers.get("cookie") ?? "").split(";").map((it) => it.trim());
  const value = cookies.find((it) => it.startsWith(`${SESSION_COOKIE}=`));
  return value === undefined ? undefined : sessions?.find(value.slice(SESSION_COOKIE.length + 1));
}

/** Whether a page of ours sent it, as far as browsers tell; what is no browser tells nothing. */
export function isSameSite({ headers }: Request): boolean {
  const site = headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin" && site !== "none") return false;
  const origin = headers.get("origin");
  if (origin === null) return true;
  const host = headers.get("x-forwarded-host") ?? headers.get("host");
  return URL.parse(origin)?.host === host;
}

/** Whether the token says that it is the right one. */
export function isOpsToken(env: Env, given: string): boolean {
  const token = valueOf(env, OPS_TOKEN);
  return token !== undefined && isSameKey(given, token);
}

function tokenAccess({ env }: Locks, { request, route }: Knock): "ops" | "call" | undefined {
  const given = tokenOf(request.headers);
  if (given === undefined) return undefined;
  if (isOpsToken(env, given)) return "ops";
  const others = (route?.tokenEnvs ?? []).flatMap((name) => valueOf(env, name) ?? []);
  // All of them are compared, so that the time tells nothing of which one is near.
  if (others.filter((token) => isSameKey(given, token)).length > 0) return "ops";
  const call = valueOf(env, CALL_TOKEN);
  return call !== undefined && isSameKey(given, call) ? "call" : undefined;
}

/**
 * A browser sends the cookie with whatever makes it ask, so that a change needs more than the cookie.
 * What anybody may ask needs none of it: who logs in may have logged in before, in another tab.
 *
 * @throws Refusal 403 for a change that no page of ours asked for
 */
function cookieAccess(locks: Locks, { request, route }: Knock): "ops" | undefined {
  const session = sessionOf(locks, request);
  if (!session) return undefined;
  if (request.method === "GET" || request.method === "HEAD") return "ops";
  const given = request.headers.get(CSRF_HEADER) ?? "";
  if (isSameSite(request) && isSameKey(given, session.csrf)) return "ops";
  if (route?.openTo === "anybody") return undefined;
  throw new Refusal(403, `the request is not from the page: ${CSRF_HEADER} is missing or wrong`);
}

function isOpen({ open }: Locks, { route, request, caller }: Knock): boolean {
  if (!route || route.method !== "GET") return false;
  const isNamed = (paths: readonly string[] = []): boolean => paths.includes(route.path);
  return (
    isNamed(open.public) || (isNamed(open.loopbackOnly) && isOnLoopback(caller, request.headers))
  );
}

function isClosed({ env }: Locks, route: OpsRoute | undefined): boolean {
  const names = [OPS_TOKEN, CALL_TOKEN, ...(route?.tokenEnvs ?? [])];
  return names.every((name) => valueOf(env, name) === undefined);
}

function tokenOf(headers: Headers): string | undefined {
  const bearer = /^Bearer (\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
  return bearer ?? headers.get("x-ops-token") ?? undefined;
}
