import type { RunProcess } from "../run/run.ts";
import { requestIdOf } from "../health/request-id.ts";
import { jsonAnswer, Refusal } from "./json-api/exchange.ts";
import { valueOf } from "../contract/env.ts";
import { accessOf, type Locks, OPS_TOKEN, sessionOf } from "./access.ts";
import { type Caller, clientOf } from "./caller.ts";
import { createLoginLimit } from "./login-limit.ts";
import { OPS_PRESETS } from "../systems/ops-presets.gen.ts";
import type { Ops, OpsPreset, OpsRoute } from "./route.ts";
import { alsoUnderApi, OPS_PATH, type RouteTable, routeTable } from "./route-table.ts";
import { OPS_ROUTES } from "./routes.ts";
import { withSafeHeaders } from "./safe-headers.ts";
import { createSessions } from "./sessions.ts";
import { startedRuns } from "./started-runs.ts";

/** What operators may be told and do besides what the process knows. */
export interface OpsOptions extends Partial<Pick<Ops, "runs" | "health" | "about">> {
  /** Headers in which a request's id is taken; the first one is the answer's. */
  readonly requestIdHeaders?: readonly string[];
}

/** The paths of operators of one process. */
export interface OpsApi {
  /** Answers one request; a caller that is not told is nobody on this machine. */
  readonly handler: (request: Request, caller?: Caller) => Promise<Response>;
  /** Whether a path is answered here and not by the app. */
  isOwn(path: string): boolean;
  /** Whether the body of such a request is to be handed over as it comes. */
  takesStream(method: string, path: string): boolean;
}

/** Answers what operators ask and do, and nobody without a token but where the manifest opens a path. */
export function openOps(process: RunProcess, options: OpsOptions = {}): OpsApi {
  const { manifest, env, clock, log } = process;
  const preset = OPS_PRESETS[manifest.health?.preset ?? "opspec"];
  const own = OPS_ROUTES.flat().flatMap(alsoUnderApi);
  const routes = [...(preset?.routes ?? []), ...own];
  const open = manifest.ops ?? {};
  const token = valueOf(env, OPS_TOKEN);
  const now = () => clock.now();
  const sessions = token === undefined ? undefined : createSessions(token, now);
  const locks: Locks = { env, sessions, open };
  if (token === undefined) log.warn({ variable: OPS_TOKEN, open }, CLOSED);
  const router: Router = {
    locks,
    preset,
    table: routeTable([routes]),
    requestIdHeaders: options.requestIdHeaders ?? ["x-request-id"],
    ops: {
      process,
      runs: options.runs ?? startedRuns(process),
      startedAt: now().toISOString(),
      health: options.health,
      about: options.about ?? (() => ({})),
      logins: {
        sessions,
        limit: createLoginLimit(now),
        sessionOf: (request) => sessionOf(locks, request),
      },
    },
  };
  const { table } = router;
  return {
    handler: (request, caller = { address: undefined }) => answer(router, request, caller),
    isOwn: (path) => {
      if (preset?.appPaths?.some((it) => isWithin(path, it)) === true) return false;
      return isWithin(path, OPS_PATH) || table.find(path).length > 0;
    },
    takesStream: (method, path) =>
      table.find(path).find(({ route }) => route.method === method)?.route.takesStream === true,
  };
}

/** Whether it is that path or one below it. */
function isWithin(path: string, whole: string): boolean {
  return path === whole || path.startsWith(`${whole}/`);
}

/** Said once when a process starts without the token. */
const CLOSED = "the ops paths are closed: their token is not set";

interface Router {
  readonly ops: Ops;
  readonly locks: Locks;
  readonly table: RouteTable;
  readonly preset: OpsPreset | undefined;
  readonly requestIdHeaders: readonly string[];
}

async function answer(router: Router, request: Request, caller: Caller): Promise<Response> {
  const { process } = router.ops;
  const startMs = performance.now();
  const requestId = requestIdOf(request.headers, router.requestIdHeaders);
  const path = new URL(request.url).pathname;
  const response = await answerOf(router, { request, caller, requestId, path });
  withSafeHeaders(response.headers);
  response.headers.set(router.requestIdHeaders[0] ?? "x-request-id", requestId);
  const ms = Math.round((performance.now() - startMs) * 100) / 100;
  const { method } = request;
  const trace = { [process.manifest.log?.traceField ?? "trace"]: requestId };
  process.log.info({ path, method, status: response.status, ms, ...trace }, "http_request");
  return response;
}

interface Asked {
  readonly request: Request;
  readonly caller: Caller;
  readonly requestId: string;
  readonly path: string;
}

async function answerOf(router: Router, asked: Asked): Promise<Response> {
  const { ops, locks } = router;
  const { request, caller, requestId, path } = asked;
  const matches = router.table.find(path);
  const match = matches.find(({ route }) => route.method === request.method);
  try {
    const access = accessOf(locks, { request, caller, route: match?.route });
    if (!match) throw otherwise(matches.map(({ route }) => route.method));
    const query = new URL(request.url).searchParams;
    const client = clientOf(caller, request.headers);
    const { params } = match;
    return await match.route.answer({ ops, access, request, params, query, requestId, client });
  } catch (error) {
    return refused(router, asked, { error, route: (match ?? matches[0])?.route });
  }
}

/** A refusal, in the shape of the runbook whose path was asked. */
function refused(
  { ops, preset }: Router,
  { requestId }: Asked,
  { error, route }: { readonly error: unknown; readonly route: OpsRoute | undefined },
): Response {
  const refusal = refusalOf(error);
  if (refusal.status === 500) {
    const trace = { [ops.process.manifest.log?.traceField ?? "trace"]: requestId };
    ops.process.log.error({ err: error, ...trace }, "an ops request failed");
  }
  const shape = route !== undefined && preset?.routes.includes(route) === true ? preset : undefined;
  const status = refusal.status === 401 ? (shape?.wrongTokenStatus ?? 401) : refusal.status;
  const shaped = shape?.refusalBody?.(refusal, requestId);
  const body = shaped ?? { error: refusal.message, request_id: requestId };
  return jsonAnswer(status, body, refusal.headers);
}

/** What happened is no business of who asked, unless it was meant for him. */
function refusalOf(error: unknown): Refusal {
  return error instanceof Refusal ? error : new Refusal(500, "internal error");
}

function otherwise(methods: readonly string[]): Refusal {
  if (methods.length === 0) return new Refusal(404, "not found");
  const allowed = [...new Set(methods)];
  return new Refusal(405, `only ${allowed.join(" and ")} are answered here`, {
    allow: allowed.join(", "),
  });
}
