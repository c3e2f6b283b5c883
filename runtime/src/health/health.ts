import { Hono } from "hono";
import type { Logger } from "pino";
import { Registry } from "prom-client";
import { ConfigurationError } from "../contract/configuration-error.ts";
import { type Env, valueOf } from "../contract/env.ts";
import type { RuntimeManifest } from "../contract/manifest.ts";
import type { RecordStore } from "../contract/run-record.ts";
import {
  createRateLimit,
  HttpError,
  isSameKey,
  json,
  methodNotAllowed,
  toHttpError,
  type TraceEnv,
  traceRequests,
} from "../http.ts";
import { type Clock, steadyClock } from "../run/clock.ts";
import { HEALTH_PRESET_MAKERS } from "../systems/health-presets.gen.ts";
import { type Check, type Evidence, type HealthStatus, judgeHealth, loopCheck } from "./check.ts";
import { instrument, metricValue } from "./metrics.ts";
import type { HealthView, Preset, ProbeContext, Route } from "./preset.ts";
import { manifestCheck } from "./probes/manifest-check.ts";
import { createEventTally, createReports, createRunTally, type NotedRun } from "./reports.ts";

/** Header of the metrics key where the manifest names only its variable. */
const KEY_HEADER = "x-internal-key";

/** Name of the heartbeat of an app that has only one. */
const HEARTBEAT = "app";

/** What health is made from. */
export interface HealthOptions {
  readonly manifest: HealthView["identity"] & Pick<RuntimeManifest, "health" | "log">;
  readonly env: Env;
  readonly log: Logger;
  /** Base of the checks' relative paths; the working directory without it. */
  readonly directory?: string;
  /** Where runs of jobs are recorded, for checks of their freshness. */
  readonly records?: RecordStore;
  /** The URL of the supervised app while it listens, for checks of its paths. */
  readonly appUrl?: () => string | undefined;
  /** Checks of the app's own, beside those of the manifest. */
  readonly checks?: readonly Check[];
  readonly clock?: Clock;
}

/** The health of one process. */
export type Health = ReturnType<typeof createHealth>;

/** Probes its checks in the background, and answers without waiting for them. */
export function createHealth(options: HealthOptions) {
  const { manifest, env, clock = steadyClock } = options;
  const { directory = process.cwd(), records, appUrl } = options;
  const reports = createReports(clock);
  const runs = createRunTally(clock);
  const events = createEventTally();
  const registry = new Registry();
  const context: ProbeContext = { env, directory, records, appUrl, clock, reports };
  const preset = HEALTH_PRESET_MAKERS[manifest.health?.preset ?? "opspec"](context);
  const loops = checksOf(options, preset, context).map((it) => loopCheck(it, clock));
  let isShuttingDown = false;
  const results = () => loops.map((it) => it.result());
  const evidence = (): Evidence => ({
    results: results(),
    notReady: reports.notReady(),
    isShuttingDown,
  });
  const known = { startedAt: clock.now(), reports, runs, events, registry, results, evidence };
  const view: HealthView = { identity: manifest, env, clock, ...known };
  instrument(view);
  preset.instrument?.(view);
  const routes = placeRoutes(preset.routes(view), manifest.health?.paths ?? {});
  const { reportComponent, forgetComponents, setReady } = reports;
  return {
    /** Answers the routes in any server that speaks the web's Request and Response. */
    handler: createHandler(options, preset, routes),
    /** The paths that the handler answers; everything else is the app's. */
    paths: new Set(routes.map((it) => it.path)) as ReadonlySet<string>,
    /** Headers from which a request's id is taken; the first one is set on the answer. */
    requestIdHeaders: preset.requestIdHeaders,
    /** The app's own metrics are registered here, beside the runtime's. */
    metrics: registry,
    /** Sum of a metric's values with these labels. Undefined if the metric has no such value. */
    metricValue: (name: string, labels?: Readonly<Record<string, string>>) =>
      metricValue(registry, name, labels),
    /** How often the app reported an event since the process began. */
    eventCount: events.total,
    reportComponent,
    forgetComponents,
    /** Records a sign of life, with its age where the app knows it. */
    beat: (name = HEARTBEAT, ageMs = 0): void => reports.beat(name, ageMs),
    /** Records that a run began or, with its status, that it ended. */
    noteRun: (run: NotedRun): void => {
      reports.noteSign();
      runs.note(run);
    },
    noteEvent: events.note,
    /** Makes a part of the app take part in readiness. */
    setReady,
    /** The last result of every check. */
    results,
    /** Health as a whole. */
    status: (): HealthStatus => judgeHealth(evidence()),
    /** Probes everything now. */
    probe: async (): Promise<void> => void (await Promise.all(loops.map((it) => it.probe()))),
    /** Begins to probe in the background. */
    start: (): void => loops.forEach((it) => it.start()),
    /** From now on the process is not ready, and alive until `close`. */
    shutDown: (): void => void (isShuttingDown = true),
    /** Stops the probes and closes their connections. */
    close: async (): Promise<void> => void (await Promise.all(loops.map((it) => it.stop()))),
  };
}

/** The manifest's checks and the app's own, and those of the preset that neither of them replaces. */
function checksOf(
  { manifest, checks = [] }: HealthOptions,
  preset: Preset,
  context: ProbeContext,
): Check[] {
  const ofManifest = (manifest.health?.checks ?? []).map((it) => manifestCheck(it, context));
  const declared = [...ofManifest, ...checks];
  const names = declared.map(({ name }) => name);
  // Answers could not tell two checks of one name apart.
  const twice = new Set(names.filter((name, at) => names.indexOf(name) < at));
  if (twice.size > 0) {
    const [message, remedy] = ["is there twice.", "Give each check its own name."];
    const problems = [...twice].map((name) => ({
      where: `health/checks/${name}`,
      message,
      remedy,
    }));
    throw new ConfigurationError(problems);
  }
  const isReplaced = (check: Check): boolean =>
    declared.some((it) => it.name === check.name || isSameSubject(it, check));
  return [...declared, ...preset.checks.filter((it) => !isReplaced(it))];
}

/** A queue is known by its key; a preset has at most one database and one store of a kind. */
function isSameSubject(declared: Check, { probeKind, queue }: Check): boolean {
  if (probeKind === "queue") return declared.queue === queue;
  return probeKind !== undefined && probeKind !== "disk" && declared.probeKind === probeKind;
}

/** Wrong metrics keys of all clients per minute. The right key is never limited. */
const WRONG_KEYS_MAX = 60;

/**
 * Refuses requests to guarded routes without the key. Without a key in the manifest they are open,
 * and closed while its variable is not set.
 */
function metricsGuard({ manifest, env, log, clock = steadyClock }: HealthOptions, preset: Preset) {
  const variable = manifest.health?.metricsKeyEnv ?? preset.metricsKey?.env;
  if (variable === undefined) return () => {};
  const header = manifest.health?.metricsKeyHeader ?? preset.metricsKey?.header ?? KEY_HEADER;
  const key = valueOf(env, variable);
  if (key === undefined) log.warn({ variable }, "the metrics are closed: their key is not set");
  const rates = createRateLimit(() => clock.now());
  return ({ headers }: Request): void => {
    const given = headers.get(header) ?? "";
    if (key !== undefined && isSameKey(given, key)) return;
    if (given !== "") rates.count({ keys: WRONG_KEYS_MAX }, "too many wrong keys");
    throw new HttpError(401, "the key is missing or wrong");
  };
}

/** Answers the routes. */
function createHandler(options: HealthOptions, preset: Preset, routes: readonly Route[]) {
  const { manifest, log } = options;
  const field = manifest.log?.traceField ?? "trace";
  const requireKey = metricsGuard(options, preset);
  const app = new Hono<TraceEnv>();
  app.use(traceRequests({ log, field, headers: preset.requestIdHeaders }), async (c, next) => {
    await next();
    c.res.headers.set("cache-control", "no-store");
  });
  for (const { path, isGuarded = false, answer } of routes) {
    app.get(path, (c) => {
      if (isGuarded) requireKey(c.req.raw);
      const wantsJson = c.req.header("accept")?.includes("application/json") ?? false;
      return answer({ id: c.var.requestId, wantsJson });
    });
    app.all(path, () => {
      throw methodNotAllowed(["GET", "HEAD"]);
    });
  }
  app.notFound(() => json(404, { error: "not found" }));
  app.onError((thrown, c) => {
    const { status, message, headers } = toHttpError(thrown);
    if (status === 500) {
      log.error({ err: thrown, [field]: c.var.requestId }, "a health answer failed");
    }
    return json(status, { error: message }, headers);
  });
  return async (request: Request): Promise<Response> => app.fetch(request);
}

/** Moves routes to the manifest's paths. Throws when it names an unknown route or a path twice. */
function placeRoutes(routes: readonly Route[], paths: Readonly<Record<string, string>>): Route[] {
  const placed = routes.map((it) => ({ ...it, path: paths[it.name] ?? it.path }));
  const names = routes.map((it) => it.name);
  const unknown = Object.keys(paths).filter((name) => !names.includes(name));
  const twice = placed.filter((it, at) => placed.findIndex(({ path }) => path === it.path) < at);
  const known = `There are: ${names.join(", ")}.`;
  const problems = [
    ...unknown.map((name) => pathProblem(name, "there is no such answer.", known)),
    ...twice.map(({ name, path }) =>
      pathProblem(name, `${path} is another answer's path.`, "Give each answer a path of its own."),
    ),
  ];
  if (problems.length > 0) throw new ConfigurationError(problems);
  return placed;
}

function pathProblem(name: string, message: string, remedy: string) {
  return { where: `health/paths/${name}`, message, remedy };
}
