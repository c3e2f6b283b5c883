import { isSameKey } from "../health/secret-key.ts";
import { Refusal } from "../json-api/exchange.ts";
import { type Env, valueOf } from "../settings/env.ts";

/** Opens everything under /ops. */
const OPS_TOKEN = "OPSPEC_OPS_TOKEN";

/** Opens no more than starting a job that is started by calls, and reading the run of it. */
const CALL_TOKEN = "OPSPEC_CALL_TOKEN";

/** Who may ask what: a caller with the smaller token may only start and read runs. */
export type Access = "ops" | "call";

/** What a caller without a good token is told; the same for every path. */
const CHALLENGE = { "www-authenticate": 'Bearer realm="ops"' };

/**
 * What the token of a request opens.
 *
 * Without any token set there is nothing under /ops at all: it is closed, never open. Tokens are
 * compared by their hashes in constant time.
 *
 * @throws Refusal 404 when closed, 401 when the token is missing or wrong
 */
export function accessOf(request: Request, env: Env): Access {
  const tokens: readonly [Access, string | undefined][] = [
    ["ops", valueOf(env, OPS_TOKEN)],
    ["call", valueOf(env, CALL_TOKEN)],
  ];
  if (tokens.every(([, token]) => token === undefined)) throw new Refusal(404, "not found");
  const given = tokenOf(request.headers);
  const [access] =
    tokens.find(([, token]) => token !== undefined && isSameKey(given ?? "", token)) ?? [];
  if (access) return access;
  const what = given === undefined ? "missing" : "wrong";
  throw new Refusal(401, `the token is ${what}`, CHALLENGE);
}

function tokenOf(headers: Headers): string | undefined {
  const bearer = /^Bearer (\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
  return bearer ?? headers.get("x-ops-token") ?? undefined;
}
