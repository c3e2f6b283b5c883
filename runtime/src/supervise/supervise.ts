import type { RunProcess } from "../run/run.ts";
import nodeProcess from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { watchAppTables } from "../run/app-runs/table-watch.ts";
import type { ManifestApp } from "../contract/app.ts";
import { EXIT } from "../contract/exit-code.ts";
import { createLogger } from "../log.ts";
import { recoverLost } from "../run/lost.ts";
import type { ProcessContext, ProcessStores } from "../run/process.ts";
import { startScheduler } from "../run/scheduler/scheduler.ts";
import { checkBindings } from "../contract/bindings.ts";
import { attemptAll } from "../contract/configuration-error.ts";
import { type App, startApp } from "./app.ts";
import { controlApp, wellPath } from "./app-control.ts";
import { appLogger } from "./app-log.ts";
import { tellEnd } from "./app-end.ts";
import { recordLeftRuns } from "./left-runs.ts";
import { keepLinks } from "./link-keeper.ts";
import type { PersistedPath } from "./persisted-path.ts";
import { prepareStart } from "./preparation.ts";
import { withoutReaperMark } from "./reaper.ts";
import { restartRules } from "./restart-budget.ts";
import { StartRefused } from "./start-refused.ts";
import { stopPlan, type StopPlan } from "./stop-plan.ts";
import { openSurroundings, type Surroundings } from "./surroundings.ts";
import { startWatchdog } from "./watchdog.ts";
import { type WatchdogRules, watchdogRules } from "./watchdog-rules.ts";

/** Render's own time between SIGTERM and SIGKILL, for a manifest that says nothing of its app. @see https://render.com/docs/deploys#graceful-shutdown */
const GRACE_SECONDS = 30;

/** What tells a supervisor to end. */
export interface StopSignals {
  /** The first signal: end in order. */
  readonly stop: AbortSignal;
  /** The second one: end now. */
  readonly force: AbortSignal;
  /** Signals that are for the app, such as a reload. */
  readonly passOn: (to: (signal: NodeJS.Signals) => void) => void;
}

/**
 * Keeps an app running: prepares its start, starts and watches it, runs its jobs, answers for it,
 * and ends everything in order. Resolves to the exit code.
 */
export async function supervise(
  process: RunProcess,
  argv: readonly string[],
  signals: StopSignals,
): Promise<number> {
  const { manifest } = process;
  const config = manifest.app ?? { graceSeconds: GRACE_SECONDS };
  const log = createLogger({ manifest, env: process.env, name: "supervise" });
  const plan = stopPlan(config.graceSeconds);
  const watch = readRules(process);
  const life: Life = { process, argv, config, plan, log, watch };
  const state: { app?: App; hasBeenUp: boolean } = { hasBeenUp: false };
  const view = { app: () => state.app, hasBeenUp: () => state.hasBeenUp };
  const around = await openSurroundings(process, view, log);
  const stopped = new Promise<void>((resolve) => onAbort(signals.stop, resolve));
  let exitCode: number = EXIT.ok;
  let work: Work | undefined;
  try {
    const links = await prepareStart({ process, app: config, log, signal: signals.stop });
    if (!signals.stop.aborted) {
      const onUp = (): void => void (state.hasBeenUp = true);
      work = await start(life, { around, links, onUp, onApp: (app) => void (state.app = app) });
      signals.passOn((signal) => work?.app.signal(signal));
      const ended = await Promise.race([work.app.ended, stopped]);
      if (ended) exitCode = ended.exitCode;
      log.info(ended ? { why: ended.why, exitCode } : {}, ended ? "the app is over" : "stopping");
    }
  } catch (error) {
    exitCode = refusalOf(error, { log, isStopped: signals.stop.aborted });
  } finally {
    await stopInOrder({ life, around, work }, signals.force);
  }
  return exitCode;
}

/** What variables say of the watchdog and the jobs: all that is wrong with them is told at once. */
function readRules({ manifest, env }: ProcessContext): WatchdogRules | undefined {
  const { watchdog } = manifest.app ?? {};
  const rules = () => watchdog && watchdogRules(watchdog, manifest.environment, env);
  attemptAll([rules, () => checkBindings(manifest.jobs, env)]);
  return rules();
}

/** The exit code of a start that came to nothing: to be told to end meanwhile is no failure. */
function refusalOf(
  error: unknown,
  { log, isStopped }: { readonly log: Logger; readonly isStopped: boolean },
): number {
  if (isStopped) return EXIT.ok;
  if (!(error instanceof StartRefused)) throw error;
  log.fatal({ problems: error.problems }, "the app was not started");
  return error.exitCode;
}

/** What does not change while a process supervises. */
interface Life {
  readonly process: RunProcess;
  readonly argv: readonly string[];
  readonly config: ManifestApp;
  readonly plan: StopPlan;
  readonly log: Logger;
  readonly watch: WatchdogRules | undefined;
}

/** What goes on while the app runs. */
interface Work {
  readonly app: App;
  /** Takes no more jobs and waits for those that were taken. */
  readonly endJobs: () => Promise<void>;
  /** What only looks at the app, and ends after it. */
  readonly endWatches: () => Promise<void>;
}

interface Start {
  readonly around: Surroundings;
  readonly links: readonly PersistedPath[];
  readonly onUp: () => void;
  readonly onApp: (app: App) => void;
}

async function start(life: Life, { around, links, onUp, onApp }: Start): Promise<Work> {
  const { process, argv, config, plan, log, watch } = life;
  const keeper = keepLinks(links, log);
  const app = startApp({
    argv,
    directory: process.directory,
    env: { ...withoutReaperMark(process.childEnv), ...around.api.env },
    isBehindFront: config.front === true,
    rules: restartRules(config.restart),
    graceMs: plan.appMs,
    log,
    appLog: appLogger(process.manifest, process.env),
    onUp: (isUp) => {
      around.health.setReady("app", isUp);
      if (isUp) onUp();
      else watchdog?.forget();
    },
    onEnd: (end) => {
      void around.api.appEnded();
      tellEnd(process, end);
    },
  });
  onApp(app);
  process.app = controlApp({
    app,
    path: wellPath(config.watchdog, process.manifest.health),
    onStopped: () => around.api.appEnded(),
    log,
  });
  // However this process ends, the app does not go on without it.
  nodeProcess.once("exit", () => app.kill());
  const { fail, upstream } = app;
  const { signs } = around;
  const watchdog =
    config.watchdog && watch
      ? startWatchdog({ watchdog: config.watchdog, rules: watch, signs, upstream, fail, log })
      : undefined;
  await recoverLost(process, { alone: isAlone(process) });
  const scheduler = startScheduler(process);
  const tables = await watchAppTables(process);
  return {
    app,
    endJobs: async () => {
      await Promise.all([scheduler.stop(), around.runs.settled()]);
    },
    endWatches: async () => {
      await Promise.all([watchdog?.stop(), tables.stop(), keeper.stop()]);
    },
  };
}

/** Records on the process' own disk: a disk has one instance, and none that overlaps while it is replaced. */
function isAlone({ manifest, coordination }: ProcessContext & ProcessStores): boolean {
  const kind = manifest.stores?.records?.kind;
  return coordination === undefined && (kind === "file" || kind === "sqlite");
}

interface Ending {
  readonly life: Life;
  readonly around: Surroundings;
  readonly work: Work | undefined;
}

/**
 * Not ready first, so that nothing new comes; then the jobs, whose runs are recorded as interrupted;
 * then the app; then what is open. Each has its share of the platform's grace, and a second signal
 * ends all waiting.
 */
async function stopInOrder({ life, around, work }: Ending, force: AbortSignal): Promise<void> {
  const { process, plan, log } = life;
  const forced = new Promise<void>((resolve) => onAbort(force, resolve));
  const within = (step: Promise<unknown>, ms: number): Promise<unknown> =>
    Promise.race([step, forced, sleep(ms, undefined, { ref: false })]);
  onAbort(force, () => {
    log.warn("told to end a second time: ending now");
    work?.app.kill();
  });
  around.health.shutDown();
  const jobsEnded = Promise.resolve(work?.endJobs()).catch((error: unknown) => {
    log.error({ err: error }, "the jobs could not be ended");
  });
  process.stop.abort();
  await within(jobsEnded, plan.jobsMs);
  // The child's own SIGKILL comes after its share; a little more is for noticing that it is gone.
  await within(Promise.resolve(work?.app.stop()), plan.appMs + plan.closingMs / 2);
  await around.api.appEnded();
  await within(recordLeftRuns(process), plan.closingMs / 4);
  await Promise.resolve(work?.endWatches());
  await within(around.close(plan.closingMs / 4), plan.closingMs / 2);
  log.info("stopped");
}

function onAbort(signal: AbortSignal, then: () => void): void {
  if (signal.aborted) then();
  else signal.addEventListener("abort", () => then(), { once: true });
}
