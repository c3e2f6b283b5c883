import type { Context } from "hono";
import * as z from "zod/mini";
import type { RuleState } from "../alerts/rules.ts";
import type { ManifestHealth } from "../contract/health.ts";
import type { Health } from "../health/health.ts";
import {
  type Connection,
  HttpError,
  type RateLimit,
  readJson,
  type TraceEnv,
  unknownName,
} from "../http.ts";
import type { RunProcess } from "../run/run.ts";
import type { Session, Sessions } from "./sessions.ts";
import type { StartedRuns } from "./started-runs.ts";

/** The path of the console; every path of ours is below it. */
export const OPS_PATH = "/ops";

/** What the routes answer from. */
export interface Ops {
  readonly process: RunProcess;
  readonly runs: StartedRuns;
  /** When this process started, ISO 8601 in UTC. */
  readonly startedAt: string;
  /** Undefined in a process without checks. */
  readonly health: Pick<Health, "results" | "status" | "probe"> | undefined;
  /** The state of the alert rules. */
  readonly rules: () => readonly RuleState[];
  /** Login sessions; undefined without a token, because then no login is possible. */
  readonly sessions: Sessions | undefined;
  readonly rates: RateLimit;
  /** Added to `/ops/version` and `/ops/digest`, such as the state of the app with its last output. */
  readonly about: () => Readonly<Record<string, unknown>>;
}

/** The caller: an operator (token or login), a client with the call token, or anonymous. */
export type Access = "ops" | "call" | "open";

/** What the middleware adds to the context of a request. */
export interface OpsEnv extends TraceEnv {
  Bindings: Connection;
  Variables: TraceEnv["Variables"] & {
    ops: Ops;
    access: Access;
    /** The login of the request, if it has one. */
    session: Session | undefined;
    /** The route of the path, also for a method that it does not answer. */
    route: OpsRoute | undefined;
    /** Address of the client as the last proxy saw it; clients can forge it. */
    client: string;
  };
}

/** One request to one route: a Hono context with the variables of `OpsEnv`. */
export type OpsContext = Context<OpsEnv>;

/**
 * One route of the ops API.
 *
 * To add one: write `ops/<noun>.ts` with an exported `OpsRoute[]` and add it to `OPS_ROUTES` in
 * `ops/app.ts`. A path is a Hono path: `:name` for one segment, `:name{.+}` for the rest. Answer
 * with `json` and throw an `HttpError` for what cannot be done. A route that changes something reads
 * its body with `readChange` and logs it with `logChange`. The middleware checks the token, gives
 * each request an id, forbids caching and logs the request.
 *
 * The operators' token opens all routes. `openTo` and `tokenEnvs` let others in too.
 */
export interface OpsRoute {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Whole path, such as `/ops/jobs/:job/run`. */
  readonly path: string;
  /** `call`: the call token also opens it. `anybody`: no token is needed, if one is configured. */
  readonly openTo?: "call" | "anybody";
  /** Variables whose values open this route too, such as the token of a runbook's own script. */
  readonly tokenEnvs?: readonly string[];
  readonly answer: (c: OpsContext) => Promise<Response>;
}

/**
 * The paths, headers and bodies of one runbook, beside our own.
 *
 * To add one: write `systems/<system>/ops.ts`, which exports it as `opsPreset`, and run `npm run
 * generate`. The health preset of the same name selects it. Our own paths are at `/ops/api/…` too,
 * where no preset replaces them.
 */
export interface OpsPreset {
  /** They win over ours of the same method and path. */
  readonly routes: readonly OpsRoute[];
  /** Paths under /ops that the app answers itself, each with everything below it. */
  readonly appPaths?: readonly string[];
  /** Status of a missing or wrong token at these routes; 401 without it. */
  readonly wrongTokenStatus?: 403;
  /** Body of an error of one of these routes; `{error, request_id}` without it. */
  readonly errorBody?: (error: HttpError, requestId: string) => unknown;
}

/** The presets of ops by the name of the health preset that selects them. */
export type OpsPresets = Readonly<
  Partial<Record<NonNullable<ManifestHealth["preset"]>, OpsPreset>>
>;

/**
 * One printable line: terminals interpret control characters and Postgres does not store them, and
 * invisible ones make two actors look alike.
 */
const Actor = z
  .string()
  .check(
    z.regex(
      /^(call|manual [^\s\p{C}][^\p{C}\p{Zl}\p{Zp}]{0,99})$/u,
      "should be `call` or `manual <who>`",
    ),
  );

/**
 * The body of a change: these fields, and who makes it.
 *
 * @param by actor of a body that names none; an operator, or a call, without it
 */
export async function readChange<Fields extends z.core.$ZodShape>(
  c: OpsContext,
  fields: Fields,
  by = defaultActor(c),
) {
  const schema = z.strictObject({ ...fields, actor: z.prefault(Actor, by) });
  type Body = z.output<z.ZodMiniObject<Fields, z.core.$strict>> & { readonly actor: string };
  const body = (await readJson(c, schema)) as Body;
  if (c.var.access !== "call" || body.actor === "call") return body;
  throw new HttpError(
    403,
    "actor: the call token cannot act for a person. Use the operators' token.",
  );
}

/** The actor of a request whose body is a file: it is in the query or in a header. */
export function fileActor(c: OpsContext): string {
  const given = c.req.query("actor") ?? c.req.header("x-ops-actor") ?? defaultActor(c);
  if (Actor.safeParse(given).success) return given;
  throw new HttpError(400, "actor: should be `call` or `manual <who>`");
}

function defaultActor({ var: { access } }: OpsContext): string {
  return access === "call" ? "call" : "manual ops";
}

/** The thing of this name, or a 404 that lists the known names. */
export function named<T extends { readonly name: string }>(
  what: string,
  all: readonly T[],
  name: string,
): T {
  const known = all.map((it) => it.name);
  const found = all.find((it) => it.name === name);
  if (found) return found;
  throw unknownName(what, name, known);
}

/** `?limit` of a list. */
export function limitOf(c: OpsContext, { usual, max }: { usual: number; max: number }): number {
  const limit = Number(c.req.query("limit") ?? usual);
  if (Number.isInteger(limit) && limit >= 1 && limit <= max) return limit;
  throw new HttpError(400, `limit: should be a number from 1 to ${max}`);
}

/** What `/ops/version` and `/ops/digest` add: a crashed app's output is for operators only. */
export function aboutFor({ var: { ops, access } }: OpsContext): Readonly<Record<string, unknown>> {
  return access === "open" ? {} : ops.about();
}

/** Logs a change; every change through /ops is one line. */
export function logChange(
  c: OpsContext,
  change: { readonly actor: string; readonly did: string } & Readonly<Record<string, unknown>>,
): void {
  c.var.ops.process.log.info(change, "ops change");
}
