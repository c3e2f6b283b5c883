import type { MiddlewareHandler } from "hono";
import { generateCookie, getCookie } from "hono/cookie";
import * as z from "zod/mini";
import { type Env, valueOf } from "../contract/env.ts";
import { CALL_TOKEN, OPS_TOKEN } from "../contract/manifest.ts";
import { type Connection, HttpError, isSameKey, json, readJson } from "../http.ts";
import { type Access, OPS_PATH, type OpsContext, type OpsEnv, type OpsRoute } from "./api.ts";
import { SESSION_COOKIE, SESSION_SECONDS } from "./sessions.ts";

/** Proves that a change comes from the console: a page of another site cannot know the value. */
const CSRF_HEADER = "x-csrf-token";

/** Wrong tokens of one client per minute: a person mistypes less often, and a program has one token. */
const WRONG_TOKENS_MAX = 5;

/** Wrong tokens of all clients together per minute: a limit for forged client addresses. */
const WRONG_TOKENS_ALL_MAX = 60;

/** Longest token that is compared. */
const TOKEN_MAX = 1000;

/**
 * Sets `access` and `session`, or refuses the request.
 *
 * @param route undefined when no route answers
 * @param remembered the route whose preset shapes an error
 */
export function authorize(
  route: OpsRoute | undefined,
  remembered = route,
): MiddlewareHandler<OpsEnv> {
  return async (c, next) => {
    c.set("route", remembered);
    c.set("session", c.var.ops.sessions?.find(getCookie(c, SESSION_COOKIE) ?? ""));
    c.set("access", accessOf(c, route));
    await next();
  };
}

/**
 * Decides with which access a request is answered.
 *
 * Without any token set, /ops is closed except for the paths that are declared as open. Tokens are
 * compared by their hashes in constant time.
 *
 * @throws HttpError 404 when closed, 401 when the token is missing or wrong, 403 when it opens other
 *   routes only, 429 after too many wrong tokens
 */
function accessOf(c: OpsContext, route: OpsRoute | undefined): Access {
  const { env, manifest } = c.var.ops.process;
  const given = tokenOf(c.req.raw.headers);
  const access = tokenAccess(env, given, route) ?? cookieAccess(c, route);
  if (access === "ops" || (access && route?.openTo === "call")) return access;
  if (route?.method === "GET" && manifest.ops?.public?.some((path) => path === route.path)) {
    // An open path answers operators more, so that it would tell whether a guess is right.
    if (given !== undefined && !access) countWrongToken(c);
    return "open";
  }
  if (access) throw new HttpError(403, "this token only starts and reads runs");
  const tokens = [OPS_TOKEN, CALL_TOKEN, ...(route?.tokenEnvs ?? [])];
  const isClosed = tokens.every((name) => valueOf(env, name) === undefined);
  if (isClosed) throw new HttpError(404, "not found");
  if (route?.openTo === "anybody") return "open";
  if (given !== undefined) countWrongToken(c);
  throw wrongToken(given === undefined ? "missing" : "wrong");
}

/** The answer to a missing or wrong token; the same for every path. */
function wrongToken(what: "missing" | "wrong"): HttpError {
  return new HttpError(401, `the token is ${what}`, { "www-authenticate": 'Bearer realm="ops"' });
}

/**
 * Counts a wrong token of a client. The right token is never limited: otherwise guesses of others
 * would lock out the operators.
 *
 * @throws HttpError 429 after too many
 */
function countWrongToken({ var: { ops, client } }: OpsContext): void {
  const own = `wrong token ${client}`;
  const limits = { [own]: WRONG_TOKENS_MAX, "wrong token": WRONG_TOKENS_ALL_MAX };
  ops.rates.count(limits, "too many wrong tokens");
  ops.process.log.warn({ client }, "wrong token for the ops paths");
}

/** Whether it is the operators' token. */
function isOpsToken(env: Env, given: string): boolean {
  const token = valueOf(env, OPS_TOKEN);
  return token !== undefined && isSameKey(given, token);
}

function tokenAccess(env: Env, given: string | undefined, route: OpsRoute | undefined) {
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
function cookieAccess({ req, var: { session } }: OpsContext, route: OpsRoute | undefined) {
  if (!session) return undefined;
  if (req.method === "GET" || req.method === "HEAD") return "ops";
  if (isSameSite(req.raw) && isSameKey(req.header(CSRF_HEADER) ?? "", session.csrf)) return "ops";
  if (route?.openTo === "anybody") return undefined;
  throw new HttpError(403, `the request is not from the page: ${CSRF_HEADER} is missing or wrong`);
}

/**
 * Whether the console sent the request, by the headers that browsers set; other clients set none.
 */
function isSameSite({ headers }: Request): boolean {
  const site = headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin" && site !== "none") return false;
  const origin = headers.get("origin");
  if (origin === null) return true;
  const host = headers.get("x-forwarded-host") ?? headers.get("host");
  return URL.parse(origin)?.host === host;
}

function tokenOf(headers: Headers): string | undefined {
  const bearer = /^Bearer (\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
  return bearer ?? headers.get("x-ops-token") ?? undefined;
}

function addressOf({ incoming }: Connection = {}): string | undefined {
  return incoming?.socket.remoteAddress;
}

/** Longest client address: IPv6 with an embedded IPv4 has 45 characters, and a port may follow. */
const ADDRESS_MAX = 64;

/**
 * The address that identifies a client: the last one of `X-Forwarded-For`, which the nearest proxy
 * wrote, else the connection's.
 */
export function clientOf({ env, req }: Pick<OpsContext, "env" | "req">): string {
  const forwarded = req.header("x-forwarded-for")?.split(",").at(-1)?.trim();
  return (forwarded || addressOf(env) || "unknown").slice(0, ADDRESS_MAX);
}

const LoginBody = z.strictObject({ token: z.string().check(z.maxLength(TOKEN_MAX)) });

/** Login of the console. Programs send the token itself and do not log in. */
export const loginRoutes: readonly OpsRoute[] = [
  { method: "POST", path: "/ops/login", openTo: "anybody", answer: logIn },
  { method: "GET", path: "/ops/login", answer: showLogin },
  { method: "POST", path: "/ops/logout", answer: logOut },
];

/** Exchanges a token for a cookie, which scripts cannot read and other sites cannot send. */
async function logIn(c: OpsContext): Promise<Response> {
  const { process, sessions } = c.var.ops;
  if (!isSameSite(c.req.raw)) throw new HttpError(403, "a page of another site cannot log in");
  const { token } = await readJson(c, LoginBody);
  if (!sessions || !isOpsToken(process.env, token)) {
    countWrongToken(c);
    throw wrongToken("wrong");
  }
  const { value, csrf, expiresAt } = sessions.begin();
  process.log.info({ client: c.var.client }, "login to the ops console");
  return json(200, { csrf, expiresAt }, { "set-cookie": cookie(c, value, SESSION_SECONDS) });
}

/** Gives the console what it needs after a reload: it cannot read its session cookie. */
async function showLogin({ var: { session } }: OpsContext): Promise<Response> {
  if (!session) throw new HttpError(404, "no login: the request contains the token itself");
  return json(200, { csrf: session.csrf, expiresAt: session.expiresAt });
}

async function logOut(c: OpsContext): Promise<Response> {
  const { ops, session } = c.var;
  if (session) ops.sessions?.end(session);
  return json(200, { ok: true }, { "set-cookie": cookie(c, "", 0) });
}

function cookie({ req }: OpsContext, value: string, maxAge: number): string {
  const secure = req.header("x-forwarded-proto")?.split(",")[0]?.trim() === "https";
  const options = { path: OPS_PATH, maxAge, httpOnly: true, sameSite: "Strict", secure } as const;
  return generateCookie(SESSION_COOKIE, value, options);
}
