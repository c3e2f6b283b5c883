import type { Logger } from "pino";
import { Registry } from "prom-client";
import { HEALTH_PRESET_MAKERS } from "../systems/health-presets.gen.ts";
import type { RuntimeManifest } from "../contract/manifest.ts";
import type { RecordStore } from "../contract/run-record.ts";
import { ConfigurationError } from "../contract/configuration-error.ts";
import { type Env, valueOf } from "../contract/env.ts";
import type { Check, CheckResult } from "./check.ts";
import { type CheckLoop, loopCheck } from "./check-loop.ts";
import { createEventTally } from "./event-tally.ts";
import { createHandler, type Handler, type HandlerOptions } from "./handler.ts";
import { manifestCheck } from "./manifest-check.ts";
import { instrument } from "./metrics.ts";
import { metricValue } from "./metrics-answer.ts";
import type { Preset } from "./preset.ts";
import type { ProbeContext } from "./probes/probe.ts";
import { type ComponentReport, createReports, type NotedRun } from "./reports.ts";
import { createRunTally } from "./run-tally.ts";
import { placeRoutes } from "./route-placement.ts";
import { type Clock, steadyClock } from "./steady-clock.ts";
import { type HealthStatus, judgeHealth } from "./verdict.ts";
import type { HealthView, Identity } from "./view.ts";

/** The header of the metrics key when the manifest names only its variable. */
const KEY_HEADER = "x-internal-key";

/** What health is made from. */
export interface HealthOptions {
  readonly manifest: Identity & Pick<RuntimeManifest, "health" | "log">;
  readonly env: Env;
  readonly log: Logger;
  /** Where relative paths of checks begin; the working directory without it. */
  readonly directory?: string;
  /** Where the runs of jobs are recorded, for checks of their freshness. */
  readonly records?: RecordStore;
  /** Where the app under supervision answers, for checks of its paths. */
  readonly appUrl?: () => string | undefined;
  /** Checks of the app's own, beside those of the manifest. */
  readonly checks?: readonly Check[];
  readonly clock?: Clock;
}

/** The health of one process: what it knows, what it answers, what it is told. */
export interface Health {
  readonly handler: Handler;
  /** The paths that the handler answers; everything else is the app's. */
  readonly paths: ReadonlySet<string>;
  /** Headers in which a request's id is taken; the first one is the answer's. */
  readonly requestIdHeaders: readonly string[];
  /** The app's own metrics are registered here and told with the others. */
  readonly metrics: Registry;
  /** Value of a metric whose labels include the given ones; undefined when there is none. */
  metricValue(name: string, labels?: Readonly<Record<string, string>>): Promise<number | undefined>;
  /** How often the app reported an event since the process began. */
  eventCount(name: string): number;
  reportComponent(name: string, report: ComponentReport): void;
  /** The app ended: what it said of its parts says nothing of its next life. */
  forgetComponents(): void;
  /** A sign of life, already so old where the app knows that. */
  beat(name?: string, ageMs?: number): void;
  /** That a run began, or, with its status, that it ended. */
  noteRun(run: NotedRun): void;
  noteEvent(name: string, labels?: Readonly<Record<string, string>>): void;
  /** A part of the app takes part in readiness. */
  setReady(name: string, isReady: boolean): void;
  /** What every check last found. */
  results(): readonly CheckResult[];
  /** How it is as a whole. */
  status(): HealthStatus;
  /** Looks at everything now. */
  look(): Promise<void>;
  /** Begins to look in the background. */
  start(): void;
  /** From now on it is not ready; it still lives, until `close`. */
  shutDown(): void;
  /** Ends the looks and closes their connections. */
  close(): Promise<void>;
}

/** The heartbeat of an app that has only one. */
const HEARTBEAT = "app";

/** Checks that are looked at in the background, and answers that never wait for them. */
export function createHealth(options: HealthOptions): Health {
  const clock = options.clock ?? steadyClock;
  const reports = createReports(clock);
  const context = probeContext(options, clock, reports);
  const preset = HEALTH_PRESET_MAKERS[options.manifest.health?.preset ?? "opspec"](context);
  const loops = checksOf(options, preset, context).map((it) => loopCheck(it, clock));
  let isShuttingDown = false;
  const results = (): CheckResult[] => loops.map((it) => it.result());
  const view: HealthView = {
    identity: options.manifest,
    env: options.env,
    clock,
    startedAt: clock.now(),
    reports,
    runs: createRunTally(clock),
    events: createEventTally(),
    registry: new Registry(),
    results,
    evidence: () => ({ results: results(), notReady: reports.notReady(), isShuttingDown }),
  };
  instrument(view);
  preset.instrument?.(view);
  const routes = placeRoutes(preset.routes(view), options.manifest.health?.paths ?? {});
  return {
    ...reporting(view),
    handler: createHandler({
      routes,
      requestIdHeaders: preset.requestIdHeaders,
      key: keyOf(options, preset),
      log: options.log,
      traceField: options.manifest.log?.traceField ?? "trace",
    }),
    paths: new Set(routes.map((it) => it.path)),
    requestIdHeaders: preset.requestIdHeaders,
    metrics: view.registry,
    metricValue: (name, labels) => metricValue(view.registry, name, labels),
    eventCount: (name) => view.events.total(name),
    results,
    status: () => judgeHealth(view.evidence()),
    look: async () => void (await Promise.all(loops.map((it) => it.look()))),
    start: () => loops.forEach((it) => it.start()),
    shutDown: () => {
      isShuttingDown = true;
    },
    close: () => closeAll(loops),
  };
}

function probeContext(
  { env, directory = process.cwd(), records, appUrl }: HealthOptions,
  clock: Clock,
  reports: ProbeContext["reports"],
): ProbeContext {
  return { env, directory, records, appUrl, clock, reports };
}

/** The manifest's checks and the app's own, and those of the preset that neither of them replaces. */
function checksOf(
  { manifest, checks: own = [] }: HealthOptions,
  preset: Preset,
  context: ProbeContext,
): Check[] {
  const declared = [
    ...(manifest.health?.checks ?? []).map((it) => manifestCheck(it, context)),
    ...own,
  ];
  refuseTwice(declared);
  const isReplaced = (check: Check): boolean =>
    declared.some((it) => it.name === check.name || isSameSubject(it, check));
  return [...declared, ...preset.checks.filter((it) => !isReplaced(it))];
}

/** Two checks of one name could not be told apart in any answer. */
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

/** A queue is known by its key; of a database or a store each shape has one. */
function isSameSubject(declared: Check, check: Check): boolean {
  if (check.probe === "queue") return declared.queue === check.queue;
  return check.probe !== undefined && check.probe !== "disk" && declared.probe === check.probe;
}

function keyOf({ manifest, env, log }: HealthOptions, preset: Preset): HandlerOptions["key"] {
  const variable = manifest.health?.metricsKeyEnv ?? preset.metricsKey?.env;
  if (variable === undefined) return undefined;
  const header = manifest.health?.metricsKeyHeader ?? preset.metricsKey?.header ?? KEY_HEADER;
  const value = valueOf(env, variable);
  if (value === undefined) log.warn({ variable }, "the metrics are closed: their key is not set");
  return { header, value };
}

function reporting({
  reports,
  runs,
  events,
}: HealthView): Pick<
  Health,
  "reportComponent" | "forgetComponents" | "beat" | "noteRun" | "noteEvent" | "setReady"
> {
  return {
    reportComponent: (name, report) => reports.reportComponent(name, report),
    forgetComponents: () => reports.forgetComponents(),
    beat: (name = HEARTBEAT, ageMs = 0) => reports.beat(name, ageMs),
    noteRun: (run) => {
      reports.noteSign();
      runs.note(run);
    },
    noteEvent: (name, labels) => events.note(name, labels),
    setReady: (name, isReady) => reports.setReady(name, isReady),
  };
}

async function closeAll(loops: readonly CheckLoop[]): Promise<void> {
  await Promise.all(loops.map((it) => it.stop()));
}
