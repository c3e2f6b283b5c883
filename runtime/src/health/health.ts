import type { Logger } from "pino";
import { Registry } from "prom-client";
import { ConfigurationError } from "../contract/configuration-error.ts";
import { type Env, valueOf } from "../contract/env.ts";
import type { RuntimeManifest } from "../contract/manifest.ts";
import type { RecordStore } from "../contract/run-record.ts";
import { type Clock, steadyClock } from "../run/clock.ts";
import { HEALTH_PRESET_MAKERS } from "../systems/health-presets.gen.ts";
import { type Check, type CheckResult, type HealthStatus, judgeHealth } from "./check.ts";
import { loopCheck } from "./check-loop.ts";
import { createHandler, type Handler, type HandlerOptions, placeRoutes } from "./handler.ts";
import { instrument } from "./metrics.ts";
import type { HealthView, Identity, Preset, ProbeContext } from "./preset.ts";
import { manifestCheck } from "./probes/manifest-check.ts";
import { metricValue } from "./registry.ts";
import { type ComponentReport, createEventTally, createReports, type NotedRun } from "./reports.ts";
import { createRunTally } from "./run-tally.ts";

/** Header of the metrics key where the manifest names only its variable. */
const KEY_HEADER = "x-internal-key";

/** What health is made from. */
export interface HealthOptions {
  readonly manifest: Identity & Pick<RuntimeManifest, "health" | "log">;
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
export interface Health {
  readonly handler: Handler;
  /** The paths that the handler answers; everything else is the app's. */
  readonly paths: ReadonlySet<string>;
  /** Headers from which a request's id is taken; the first one is set on the answer. */
  readonly requestIdHeaders: readonly string[];
  /** The app's own metrics are registered here, beside the runtime's. */
  readonly metrics: Registry;
  /** Sum of a metric's values whose labels include the given ones; undefined when there is none. */
  metricValue(name: string, labels?: Readonly<Record<string, string>>): Promise<number | undefined>;
  /** How often the app reported an event since the process began. */
  eventCount(name: string): number;
  reportComponent(name: string, report: ComponentReport): void;
  /** Forgets the components of an app that ended: the next one has reported nothing yet. */
  forgetComponents(): void;
  /** Records a sign of life, with its age where the app knows it. */
  beat(name?: string, ageMs?: number): void;
  /** Records that a run began or, with its status, that it ended. */
  noteRun(run: NotedRun): void;
  noteEvent(name: string, labels?: Readonly<Record<string, string>>): void;
  /** Makes a part of the app take part in readiness. */
  setReady(name: string, isReady: boolean): void;
  /** The last result of every check. */
  results(): readonly CheckResult[];
  /** Health as a whole. */
  status(): HealthStatus;
  /** Probes everything now. */
  probe(): Promise<void>;
  /** Begins to probe in the background. */
  start(): void;
  /** From now on the process is not ready, and alive until `close`. */
  shutDown(): void;
  /** Stops the probes and closes their connections. */
  close(): Promise<void>;
}

/** Name of the heartbeat of an app that has only one. */
const HEARTBEAT = "app";

/** Probes its checks in the background, and answers without waiting for them. */
export function createHealth(options: HealthOptions): Health {
  const { manifest, env, log, clock = steadyClock } = options;
  const { directory = process.cwd(), records, appUrl } = options;
  const reports = createReports(clock);
  const runs = createRunTally(clock);
  const events = createEventTally();
  const context: ProbeContext = { env, directory, records, appUrl, clock, reports };
  const preset = HEALTH_PRESET_MAKERS[manifest.health?.preset ?? "opspec"](context);
  const loops = checksOf(options, preset, context).map((it) => loopCheck(it, clock));
  let isShuttingDown = false;
  const results = (): CheckResult[] => loops.map((it) => it.result());
  const evidence = () => ({ results: results(), notReady: reports.notReady(), isShuttingDown });
  const view: HealthView = {
    identity: manifest,
    env,
    clock,
    startedAt: clock.now(),
    reports,
    runs,
    events,
    registry: new Registry(),
    results,
    evidence,
  };
  instrument(view);
  preset.instrument?.(view);
  const routes = placeRoutes(preset.routes(view), manifest.health?.paths ?? {});
  const { requestIdHeaders } = preset;
  const traceField = manifest.log?.traceField ?? "trace";
  const key = metricsKey(options, preset);
  return {
    handler: createHandler({ routes, requestIdHeaders, key, log, traceField }),
    paths: new Set(routes.map((it) => it.path)),
    requestIdHeaders,
    metrics: view.registry,
    metricValue: (name, labels) => metricValue(view.registry, name, labels),
    eventCount: events.total,
    reportComponent: reports.reportComponent,
    forgetComponents: reports.forgetComponents,
    beat: (name = HEARTBEAT, ageMs = 0) => reports.beat(name, ageMs),
    noteRun: (run) => {
      reports.noteSign();
      runs.note(run);
    },
    noteEvent: events.note,
    setReady: reports.setReady,
    results,
    status: () => judgeHealth(evidence()),
    probe: async () => void (await Promise.all(loops.map((it) => it.probe()))),
    start: () => loops.forEach((it) => it.start()),
    shutDown: () => {
      isShuttingDown = true;
    },
    close: async () => void (await Promise.all(loops.map((it) => it.stop()))),
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
  refuseTwice(declared);
  const isReplaced = (check: Check): boolean =>
    declared.some((it) => it.name === check.name || isSameSubject(it, check));
  return [...declared, ...preset.checks.filter((it) => !isReplaced(it))];
}

/** Answers could not tell two checks of one name apart. */
function refuseTwice(checks: readonly Check[]): void {
  const names = checks.map((it) => it.name);
  const twice = new Set(names.filter((name, at) => names.indexOf(name) < at));
  if (twice.size === 0) return;
  throw new ConfigurationError(
    [...twice].map((name) => ({
      where: `health/checks/${name}`,
      message: "is there twice.",
      remedy: "Give each check its own name.",
    })),
  );
}

/** A queue is known by its key; a preset has at most one database and one store of a kind. */
function isSameSubject(declared: Check, { probeKind, queue }: Check): boolean {
  if (probeKind === "queue") return declared.queue === queue;
  return probeKind !== undefined && probeKind !== "disk" && declared.probeKind === probeKind;
}

function metricsKey({ manifest, env, log }: HealthOptions, preset: Preset): HandlerOptions["key"] {
  const variable = manifest.health?.metricsKeyEnv ?? preset.metricsKey?.env;
  if (variable === undefined) return undefined;
  const header = manifest.health?.metricsKeyHeader ?? preset.metricsKey?.header ?? KEY_HEADER;
  const value = valueOf(env, variable);
  if (value === undefined) log.warn({ variable }, "the metrics are closed: their key is not set");
  return { header, value };
}
