import { generateCookie } from "hono/cookie";
import * as z from "zod/mini";
import { HttpError, json, readJson } from "../http.ts";
import { OPS_PATH, type OpsContext, type OpsRoute } from "./api.ts";
import { isOpsToken, isSameSite } from "./auth.ts";
import { SESSION_COOKIE, SESSION_SECONDS } from "./sessions.ts";

/** Wrong tokens of one client per minute; a person mistypes less often. */
const WRONG_TOKENS_MAX = 5;

/** Wrong tokens of all clients together per minute: a limit for forged client addresses. */
const WRONG_TOKENS_ALL_MAX = 60;

/** Longest token that is compared. */
const TOKEN_MAX = 1000;

const LoginBody = z.strictObject({ token: z.string().check(z.maxLength(TOKEN_MAX)) });

/** Login of the console. Programs send the token itself and do not log in. */
export const loginRoutes: readonly OpsRoute[] = [
  { method: "POST", path: "/ops/login", openTo: "anybody", answer: logIn },
  { method: "GET", path: "/ops/login", answer: showLogin },
  { method: "POST", path: "/ops/logout", answer: logOut },
];

/** Exchanges a token for a cookie, which scripts cannot read and other sites cannot send. */
async function logIn(c: OpsContext): Promise<Response> {
  const { ops, client } = c.var;
  const { process, sessions, rates } = ops;
  if (!isSameSite(c.req.raw)) throw new HttpError(403, "a page of another site cannot log in");
  const [own, all] = [`login ${client}`, "login"];
  const waitSeconds = Math.max(
    rates.waitSeconds(own, WRONG_TOKENS_MAX),
    rates.waitSeconds(all, WRONG_TOKENS_ALL_MAX),
  );
  if (waitSeconds > 0) {
    throw new HttpError(429, `too many wrong tokens: try again in ${waitSeconds} s`, {
      "retry-after": String(waitSeconds),
    });
  }
  const { token } = await readJson(c, LoginBody);
  if (!sessions || !isOpsToken(process.env, token)) {
    for (const key of [all, own]) rates.count(key);
    process.log.warn({ client }, "login to the ops console refused: wrong token");
    throw new HttpError(401, "the token is wrong");
  }
  const { value, csrf, expiresAt } = sessions.begin();
  process.log.info({ client }, "login to the ops console");
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
