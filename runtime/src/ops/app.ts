import { Hono, type MiddlewareHandler } from "hono";
import { valueOf } from "../contract/env.ts";
import { OPS_TOKEN } from "../contract/manifest.ts";
import {
  type Connection,
  createRateLimit,
  HttpError,
  json,
  methodNotAllowed,
  toHttpError,
  traceRequests,
} from "../http.ts";
import type { RunProcess } from "../run/run.ts";
import {
  type Ops,
  OPS_PATH,
  type OpsContext,
  type OpsEnv,
  type OpsPreset,
  type OpsRoute,
} from "./api.ts";
import { authorize, clientOf, loginRoutes } from "./auth.ts";
import { OPS_PRESETS } from "../systems/ops-presets.gen.ts";
import { alertRoutes } from "./alerts.ts";
import { backupRoutes } from "./backups.ts";
import { checkRoutes } from "./checks.ts";
import { fileRoutes } from "./files.ts";
import { jobRoutes } from "./jobs.ts";
import { migrationRoutes } from "./migrations.ts";
import { pageRoutes } from "./page/page.ts";
import { processRoutes } from "./process.ts";
import { sourceRoutes } from "./sources.ts";
import { createSessions } from "./sessions.ts";
import { startedRuns } from "./started-runs.ts";

/** Everything of our own under /ops; the reference lists them. */
export const OPS_ROUTES: readonly OpsRoute[] = [
  alertRoutes,
  backupRoutes,
  checkRoutes,
  fileRoutes,
  jobRoutes,
  loginRoutes,
  migrationRoutes,
  pageRoutes,
  processRoutes,
  sourceRoutes,
].flat();

/** Where our own routes are too: no path of a preset replaces them there. */
const API_PATH = "/ops/api";

/** Options of the ops API besides the process. */
export interface OpsOptions extends Partial<Pick<Ops, "runs" | "health" | "rules" | "about">> {
  /** Headers from which a request's id is taken; the first one is set on the answer. */
  readonly requestIdHeaders?: readonly string[];
}

/** Logged once when a process starts without the token. */
const CLOSED = `the paths under ${OPS_PATH} are closed: ${OPS_TOKEN} is not set`;

/** Creates the ops API. Every path needs a token, except those that the manifest opens. */
export function openOps(process: RunProcess, options: OpsOptions = {}) {
  const { manifest, env, clock, log } = process;
  const { requestIdHeaders: headers = ["x-request-id"] } = options;
  const field = manifest.log?.traceField ?? "trace";
  const preset = OPS_PRESETS[manifest.health?.preset ?? "opspec"];
  const token = valueOf(env, OPS_TOKEN);
  const now = () => clock.now();
  if (token === undefined) log.warn({ variable: OPS_TOKEN, open: manifest.ops ?? {} }, CLOSED);
  const ops: Ops = {
    process,
    runs: options.runs ?? startedRuns(process),
    startedAt: now().toISOString(),
    health: options.health,
    rules: options.rules ?? (() => []),
    about: options.about ?? (() => ({})),
    sessions: token === undefined ? undefined : createSessions(token, now),
    rates: createRateLimit(now),
  };
  const routes = mountRoutes([...(preset?.routes ?? []), ...OPS_ROUTES.flatMap(withAlias)]);
  const app = new Hono<OpsEnv>({ strict: false })
    .use(traceRequests({ log, field, headers }), safeHeaders, async (c, next) => {
      c.set("ops", ops);
      c.set("client", clientOf(c));
      await next();
    })
    .route("/", routes)
    .all("*", authorize(undefined), () => {
      throw new HttpError(404, "not found");
    })
    .onError((thrown, c) => {
      const error = toHttpError(thrown);
      const trace = { [field]: c.var.requestId };
      if (error !== thrown) log.error({ err: thrown, ...trace }, "an ops request failed");
      return answerError(c, error, preset);
    });
  return {
    fetch: (request: Request, connection: Connection = {}) => app.fetch(request, connection),
    /** Whether this API answers a path, and not the app. */
    isOwn: (path: string): boolean => {
      if (preset?.appPaths?.some((it) => isWithin(path, it)) === true) return false;
      return isWithin(path, OPS_PATH) || routes.router.match("GET", path)[0].length > 0;
    },
  };
}

/** Routes with their authorization; of two for one path and method the first one answers. */
function mountRoutes(routes: readonly OpsRoute[]): Hono<OpsEnv> {
  const app = new Hono<OpsEnv>();
  for (const [path, group] of Map.groupBy(routes, (route) => route.path)) {
    for (const route of group) {
      app.on(route.method, path, authorize(route), (c) => {
        // Hono leaves a part that it cannot decode as it is.
        if (!isDecodable(new URL(c.req.url).pathname)) throw new HttpError(404, "not found");
        return route.answer(c);
      });
    }
    app.all(path, authorize(undefined, group[0]), () => {
      throw methodNotAllowed(group.map(({ method }) => method));
    });
  }
  return app;
}

function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

/** The route at `/ops/api/…` too. */
function withAlias(route: OpsRoute): readonly OpsRoute[] {
  const rest = route.path.slice(OPS_PATH.length);
  return rest === "" ? [route] : [route, { ...route, path: `${API_PATH}${rest}` }];
}

/** Whether it is that path or one below it. */
function isWithin(path: string, whole: string): boolean {
  return path === whole || path.startsWith(`${whole}/`);
}

/** Headers that forbid caching, framing and referrers. */
const SAFE_HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store, max-age=0",
  pragma: "no-cache",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
};

const safeHeaders: MiddlewareHandler<OpsEnv> = async (c, next) => {
  await next();
  const { headers } = c.res;
  for (const [name, value] of Object.entries(SAFE_HEADERS)) headers.set(name, value);
  // The console runs scripts and sets its own policy.
  if (!headers.has("content-security-policy")) {
    headers.set("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
  }
};

/** Answers an error, for a preset's route in the shape of its runbook. */
function answerError(c: OpsContext, error: HttpError, preset: OpsPreset | undefined): Response {
  const { requestId, route } = c.var;
  const shape = route && preset?.routes.includes(route) ? preset : undefined;
  const status = error.status === 401 ? (shape?.wrongTokenStatus ?? 401) : error.status;
  const shaped = shape?.errorBody?.(error, requestId);
  return json(status, shaped ?? { error: error.message, request_id: requestId }, error.headers);
}
