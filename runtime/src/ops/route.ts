import type { ManifestHealth } from "../contract/health.ts";
import type { Health } from "../health/health.ts";
import type { Refusal } from "./json-api/exchange.ts";
import type { RunProcess } from "../run/run.ts";
import type { LoginLimit } from "./login-limit.ts";
import type { Session, Sessions } from "./sessions.ts";
import type { StartedRuns } from "./started-runs.ts";

/** What the routes answer from. */
export interface Ops {
  readonly process: RunProcess;
  readonly runs: StartedRuns;
  /** When this process began, ISO 8601 in UTC. */
  readonly startedAt: string;
  /** Undefined where nothing is looked at, as in a run without a service. */
  readonly health: Pick<Health, "results" | "status" | "probe"> | undefined;
  /** Logins of people, who then need not send the token. */
  readonly logins: Logins;
  /** Added to `/ops/version` and `/ops/digest`, such as the state of the app with its last words. */
  readonly about: () => Readonly<Record<string, unknown>>;
}

/** What is added for who asks: an app that crashed wrote its last words for operators, not for all. */
export function aboutFor({ ops, access }: Pick<OpsExchange, "ops" | "access">) {
  return access === "open" ? {} : ops.about();
}

/** Logins of people through the page. */
export interface Logins {
  /** Undefined where no token is set: then nobody can log in. */
  readonly sessions: Sessions | undefined;
  readonly limit: LoginLimit;
  /** The login with which a request comes, if it does. */
  sessionOf(request: Request): Session | undefined;
}

/** Who asks: with the operators' token or login, with the token that only starts runs, or anybody. */
export type Access = "ops" | "call" | "open";

/** One request to one route. */
export interface OpsExchange {
  readonly ops: Ops;
  readonly access: Access;
  readonly request: Request;
  /** What stands in the path for `:name`, decoded; for `*name` the whole rest. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Ties the answer to the lines of the log. */
  readonly requestId: string;
  /** The client as the last proxy saw it; not a proof of anything. */
  readonly client: string;
}

/**
 * One path under which operators ask or do something.
 *
 * To add one: write `ops/routes/<noun>.ts` with an exported `OpsRoute[]` and put it into the list of
 * `ops/routes.ts`. A path has a segment `:name` for anything without a slash, and may end in `*name`
 * for the rest. Answer with `jsonAnswer` and read the body with `readJson`; throw a `Refusal` for
 * what cannot be done. A route that changes something takes the `actor` of its body (`Actor`) and
 * says so with `noteChange`. The router asks for the token, gives each request an id, keeps every
 * answer out of caches and logs it: a route does none of that.
 *
 * Whoever has the operators' token may ask all routes. `openTo` and `tokenEnvs` let others in too.
 */
export interface OpsRoute {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Whole path, such as `/ops/jobs/:job/run`. */
  readonly path: string;
  /** `call`: also with the token of calls. `anybody`: without a token, where there is one at all. */
  readonly openTo?: "call" | "anybody";
  /** Variables whose values open this route too, such as the token of a runbook's own script. */
  readonly tokenEnvs?: readonly string[];
  /** The body is handed over as a stream of any length; the route itself limits it. */
  readonly takesStream?: true;
  answer(exchange: OpsExchange): Promise<Response>;
}

/**
 * The paths, headers and bodies of one runbook, beside our own.
 *
 * To add one: write `systems/<system>/ops.ts`, which exports it as `opsPreset`, and run `npm run
 * generate`. The health preset of the same name selects it. Its routes win over ours of the same
 * path; ours are at `/ops/api/…` in every case.
 */
export interface OpsPreset {
  readonly routes: readonly OpsRoute[];
  /** What the app itself answers under /ops, each with all below it: there is nothing of ours there. */
  readonly appPaths?: readonly string[];
  /** Status of a missing or wrong token at these routes; 401 without it. */
  readonly wrongTokenStatus?: 403;
  /** Body of a refusal of one of these routes; `{error, request_id}` without it. */
  refusalBody?(refusal: Refusal, requestId: string): unknown;
}

/** The presets of ops by the name of the health preset that chooses them. */
export type OpsPresets = Readonly<
  Partial<Record<NonNullable<ManifestHealth["preset"]>, OpsPreset>>
>;
