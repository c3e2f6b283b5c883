import nodeProcess from "node:process";
import type { Logger } from "pino";
import type { ManifestApp } from "../contract/app.ts";
import { checkBindings } from "../contract/bindings.ts";
import { attemptAll } from "../contract/configuration-error.ts";
import { EXIT } from "../contract/exit-code.ts";
import { createLogger } from "../log.ts";
import { watchAppTables } from "../run/app-run-tables.ts";
import { endLeftovers } from "../run/guard.ts";
import { recoverLost } from "../run/lost-runs.ts";
import type { ProcessContext, ProcessStores } from "../run/process.ts";
import { failureOf } from "../run/run-outcome.ts";
import type { RunProcess } from "../run/run.ts";
import { startScheduler } from "../run/scheduler.ts";
import { type App, appLogger, startApp } from "./app.ts";
import { controlApp, wellPath } from "./app-control.ts";
import { type AppReports, openAppReports } from "./app-end.ts";
import { passGates } from "./gates.ts";
import { keepLinks } from "./link-keeper.ts";
import { linkPersisted, type PersistedPath } from "./links.ts";
import { migrateApp } from "./migrate.ts";
import { withoutReaperMark } from "./reaper.ts";
import { restartRules } from "./restart-policy.ts";
import { seedDatabase } from "./seed.ts";
import { type SidecarServers, startSidecarServers } from "./sidecar-servers.ts";
import { attemptStart, exitsWhenRefused, refusalOf, StartRefused } from "./start-refused.ts";
import { onAbort, stopInOrder, stopPlan, type StopPlan, type Work } from "./stop.ts";
import { startWatchdog, type WatchdogRules, watchdogRules } from "./watchdog.ts";

/** Render's default time between SIGTERM and SIGKILL, in s. @see https://render.com/docs/deploys#graceful-shutdown */
const GRACE_SECONDS = 30;

/** The signals to a supervisor. */
export interface StopSignals {
  /** The first signal: shut down in order. */
  readonly stop: AbortSignal;
  /** The second one: end now. */
  readonly force: AbortSignal;
  /** Signals for the app, such as a reload. */
  readonly passOn: (to: (signal: NodeJS.Signals) => void) => void;
}

/** What one supervisor works with. */
interface Supervisor {
  readonly process: RunProcess;
  readonly argv: readonly string[];
  readonly config: ManifestApp;
  readonly log: Logger;
  readonly plan: StopPlan;
  readonly rules: WatchdogRules | undefined;
  readonly servers: SidecarServers;
  readonly reports: AppReports;
  readonly state: { app?: App; hasBeenUp: boolean; refusal?: StartRefused | undefined };
}

/**
 * Keeps an app running: prepares its start, starts and watches it, runs its jobs, answers for it, and
 * shuts everything down in order. Resolves to the exit code.
 */
export async function supervise(
  process: RunProcess,
  argv: readonly string[],
  signals: StopSignals,
): Promise<number> {
  const { manifest, env } = process;
  const config = manifest.app ?? { graceSeconds: GRACE_SECONDS };
  const log = createLogger({ manifest, env, name: "supervise" });
  const plan = stopPlan(config.graceSeconds);
  const rules = readRules(process);
  const state: Supervisor["state"] = { hasBeenUp: false };
  const view = {
    app: () => state.app,
    hasBeenUp: () => state.hasBeenUp,
    refusal: () => state.refusal,
  };
  const servers = await startSidecarServers(process, view, log);
  const reports = openAppReports(process);
  const supervisor = { process, argv, config, log, plan, rules, servers, reports, state };
  let work: Work | undefined;
  try {
    const links = await prepareStart(supervisor, signals.stop);
    if (links === undefined) return EXIT.ok;
    work = await startWork(supervisor, links);
    signals.passOn((signal) => work?.app.signal(signal));
    const exitCode = await untilEnd(work.app, signals.stop, log);
    await flushUnlessStopped(reports, signals.stop);
    return exitCode;
  } catch (error) {
    if (signals.stop.aborted) return EXIT.ok;
    reports.notStarted(problemsOf(error));
    await flushUnlessStopped(reports, signals.stop);
    const refusal = refusalOf(error);
    log.fatal({ problems: refusal.problems }, "the app was not started");
    return refusal.exitCode;
  } finally {
    reports.stop();
    await stopInOrder({ process, servers, work, plan, log }, signals.force);
  }
}

/** A process that ends by itself delivers its alerts first; a stop signal ends the wait. */
async function flushUnlessStopped(reports: AppReports, stop: AbortSignal): Promise<void> {
  const stopped = new Promise<void>((resolve) => onAbort(stop, resolve));
  await Promise.race([reports.flush(), stopped]);
}

/** Why the app was not started. */
function problemsOf(error: unknown): readonly string[] {
  if (error instanceof StartRefused) return error.problems;
  return [failureOf(error).message];
}

/** Reads the variables of the watchdog and the jobs, and reports all problems at once. */
function readRules({ manifest, env }: ProcessContext): WatchdogRules | undefined {
  const { watchdog } = manifest.app ?? {};
  const rules = () => watchdog && watchdogRules(watchdog, manifest.environment, env);
  attemptAll([rules, () => checkBindings(manifest.jobs, env)]);
  return rules();
}

/**
 * Prepares the start. While the start is refused, the servers answer and say why, unless the process
 * exits then; undefined when the process is stopped first.
 */
async function prepareStart(
  supervisor: Supervisor,
  signal: AbortSignal,
): Promise<PersistedPath[] | undefined> {
  const { process, config, log, reports, state } = supervisor;
  const links = await attemptStart({
    signal,
    prepare: () => prepare(supervisor, signal),
    onRefused: (refusal, app) => {
      if (exitsWhenRefused(config)) throw refusal;
      const isNews = refusal.message !== state.refusal?.message;
      state.refusal = refusal;
      process.app = app;
      if (!isNews) return;
      reports.notStarted(refusal.problems);
      log.error({ problems: refusal.problems }, "the app was not started");
    },
  });
  state.refusal = undefined;
  return links;
}

/** Links the disk, seeds the database, waits for the gates and migrates: each needs the one before. */
async function prepare(supervisor: Supervisor, signal: AbortSignal): Promise<PersistedPath[]> {
  const { process, config, log } = supervisor;
  const { manifest, directory, env } = process;
  await endLeftovers(log);
  const links = await linkPersisted(manifest, directory, log);
  if (config.seed) await seedDatabase(config.seed, { directory, log });
  await passGates(config.gates ?? [], { env, log, signal });
  if (config.migrate) await migrateApp(config.migrate, { process, log, signal });
  return links;
}

/** Starts the app, then its watchdog, then the jobs. */
async function startWork(supervisor: Supervisor, links: PersistedPath[]): Promise<Work> {
  const { process, config, log, rules, servers } = supervisor;
  const keeper = keepLinks(links, log);
  const watchdog: { current?: ReturnType<typeof startWatchdog> } = {};
  const app = launch(supervisor, () => watchdog.current?.forget());
  supervisor.state.app = app;
  process.app = controlApp({
    app,
    path: wellPath(config.watchdog, process.manifest.health),
    onStopped: () => servers.api.appEnded(),
    log,
  });
  // The app never outlives this process.
  nodeProcess.once("exit", () => app.signal("SIGKILL"));
  if (config.watchdog && rules) {
    watchdog.current = startWatchdog({
      watchdog: config.watchdog,
      rules,
      signs: servers.signs,
      upstream: () => app.upstream(),
      fail: (why) => app.fail(why),
      log,
    });
  }
  await recoverLost(process, { alone: isAlone(process) });
  const scheduler = startScheduler(process);
  const tables = await watchAppTables(process);
  return {
    app,
    endJobs: async () => {
      await Promise.all([scheduler.stop(), servers.runs.settled()]);
    },
    endWatches: async () => {
      await Promise.all([watchdog.current?.stop(), tables.stop(), keeper.stop()]);
    },
  };
}

function launch(
  { process, argv, config, log, plan, servers, reports, state }: Supervisor,
  onDown: () => void,
) {
  return startApp({
    name: process.manifest.process,
    argv,
    directory: process.directory,
    env: { ...withoutReaperMark(process.childEnv), ...servers.api.env },
    isBehindProxy: config.front === true,
    rules: restartRules(config.restart),
    graceMs: plan.appMs,
    log,
    appLog: appLogger(process.manifest, process.env),
    onUp: (isUp) => {
      servers.health.setReady("app", isUp);
      reports.up(isUp);
      if (isUp) state.hasBeenUp = true;
      else onDown();
    },
    onLate: (problem) => reports.late(problem),
    onEnd: (end) => {
      void servers.api.appEnded();
      reports.ended(end);
    },
  });
}

/** Whether the records are on this process' own disk, which has one instance at a time. */
function isAlone({ manifest, coordination }: ProcessContext & ProcessStores): boolean {
  return coordination === undefined && manifest.stores?.records?.kind === "sqlite";
}

async function untilEnd(app: App, stop: AbortSignal, log: Logger): Promise<number> {
  const stopped = new Promise<undefined>((resolve) => onAbort(stop, () => resolve(undefined)));
  const end = await Promise.race([app.ended, stopped]);
  if (end) log.info({ why: end.why, exitCode: end.exitCode }, "the app is over");
  else log.info("stopping");
  return end?.exitCode ?? EXIT.ok;
}
