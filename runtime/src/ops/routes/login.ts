import * as z from "zod/mini";
import { jsonAnswer, readJson, Refusal } from "../json-api/exchange.ts";
import { isOpsToken, isSameSite, SESSION_COOKIE } from "../access.ts";
import type { OpsExchange, OpsRoute } from "../route.ts";
import { OPS_PATH } from "../route-table.ts";
import { SESSION_SECONDS } from "../sessions.ts";

/** Longest token that is looked at. */
const TOKEN_MAX = 1000;

const LoginBody = z.strictObject({ token: z.string().check(z.maxLength(TOKEN_MAX)) });

/** Login of the page. Programs send the token itself and need none of this. */
export const loginRoutes: readonly OpsRoute[] = [
  { method: "POST", path: "/ops/login", openTo: "anybody", answer: logIn },
  { method: "GET", path: "/ops/login", answer: showLogin },
  { method: "POST", path: "/ops/logout", answer: logOut },
];

/** A token for a cookie, which scripts cannot read and other sites cannot send. */
async function logIn({ ops, request, client }: OpsExchange): Promise<Response> {
  const { logins, process } = ops;
  if (!isSameSite(request)) throw new Refusal(403, "a page of another site cannot log in");
  const waitSeconds = logins.limit.waitSeconds(client);
  if (waitSeconds > 0) {
    throw new Refusal(429, `too many wrong tokens: try again in ${waitSeconds} s`, {
      "retry-after": String(waitSeconds),
    });
  }
  const { token } = await readJson(request, LoginBody);
  if (!logins.sessions || !isOpsToken(process.env, token)) {
    logins.limit.noteWrong(client);
    process.log.warn({ client }, "a login with a wrong token");
    throw new Refusal(401, "the token is wrong");
  }
  const { value, csrf, expiresAt } = logins.sessions.begin();
  process.log.info({ client }, "a login to the ops page");
  const headers = { "set-cookie": cookie(request, value, SESSION_SECONDS) };
  return jsonAnswer(200, { csrf, expiresAt }, headers);
}

/** What the page needs after it was loaded anew: its session is in a cookie that it cannot read. */
async function showLogin({ ops, request }: OpsExchange): Promise<Response> {
  const session = ops.logins.sessionOf(request);
  if (!session) throw new Refusal(404, "there is no login: the token itself was sent");
  const { csrf, expiresAt } = session;
  return jsonAnswer(200, { csrf, expiresAt });
}

async function logOut({ ops, request }: OpsExchange): Promise<Response> {
  const session = ops.logins.sessionOf(request);
  if (session) ops.logins.sessions?.end(session);
  return jsonAnswer(200, { ok: true }, { "set-cookie": cookie(request, "", 0) });
}

function cookie({ headers }: Request, value: string, seconds: number): string {
  const isHttps = headers.get("x-forwarded-proto")?.split(",")[0]?.trim() === "https";
  const parts = [
    `${SESSION_COOKIE}=${value}`,
    `Path=${OPS_PATH}`,
    `Max-Age=${seconds}`,
    "HttpOnly",
    "SameSite=Strict",
    ...(isHttps ? ["Secure"] : []),
  ];
  return parts.join("; ");
}
