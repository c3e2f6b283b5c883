import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { aborted, recordOf } from "../run/run-outcome.ts";
import type { ProcessContext, ProcessRuns, ProcessStores } from "../run/process.ts";
import { RunAbort } from "../run/run-outcome.ts";
import type { SidecarServers } from "./sidecar-servers.ts";
import type { App } from "./app.ts";

/** The last tenth of the grace is for closing connections, and at least this, in ms. */
const CLOSING_MS_MIN = 500;

/** Shares of the platform's time between SIGTERM and SIGKILL, in ms. */
export interface StopPlan {
  /** Running jobs get a third: a job is safe to stop, and an app serves people. */
  readonly jobsMs: number;
  readonly appMs: number;
  readonly closingMs: number;
}

/** Divides the platform's grace, so that everything ends before SIGKILL. */
export function stopPlan(graceSeconds: number): StopPlan {
  const graceMs = graceSeconds * 1000;
  const closingMs = Math.min(graceMs / 2, Math.max(CLOSING_MS_MIN, graceMs / 10));
  const jobsMs = (graceMs - closingMs) / 3;
  return { jobsMs, appMs: graceMs - closingMs - jobsMs, closingMs };
}

/** The app and what runs beside it. */
export interface Work {
  readonly app: App;
  /** Starts no more runs and waits for those that started. */
  readonly endJobs: () => Promise<void>;
  /** Ends what watches the app, after it. */
  readonly endWatches: () => Promise<void>;
}

type StoppedProcess = ProcessContext & ProcessStores & ProcessRuns;

/** What a supervisor stops. */
export interface Running {
  readonly process: StoppedProcess;
  readonly servers: SidecarServers;
  readonly work: Work | undefined;
  readonly plan: StopPlan;
  readonly log: Logger;
}

/**
 * Shuts down in order: not ready, so that no request comes; the jobs, whose runs are recorded as
 * interrupted; the app; the servers. Each has its share of the platform's grace. A second signal ends
 * all waiting.
 */
export async function stopInOrder(running: Running, force: AbortSignal): Promise<void> {
  const { process, servers, work, plan, log } = running;
  const forced = new Promise<void>((resolve) => onAbort(force, resolve));
  const within = (step: Promise<unknown> | undefined, ms: number): Promise<unknown> =>
    Promise.race([step, forced, sleep(ms, undefined, { ref: false })]);
  onAbort(force, () => {
    log.warn("second stop signal: ending now");
    work?.app.signal("SIGKILL");
  });
  servers.health.shutDown();
  const jobsEnded = work?.endJobs().catch((error: unknown) => {
    log.error({ err: error }, "the jobs could not be stopped");
  });
  process.stop.abort();
  await within(jobsEnded, plan.jobsMs);
  // The child gets SIGKILL after its share; the rest is for noticing its end.
  await within(work?.app.stop(), plan.appMs + plan.closingMs / 2);
  await servers.api.appEnded();
  await within(recordOpenRuns(process), plan.closingMs / 4);
  await work?.endWatches();
  await within(servers.close(plan.closingMs / 4), plan.closingMs / 2);
  log.info("stopped");
}

/** Records the runs that did not end in time as interrupted, before the platform sends SIGKILL. */
async function recordOpenRuns({ active, clock, log, records }: StoppedProcess): Promise<void> {
  for (const start of active.values()) {
    const record = recordOf(start, aborted(new RunAbort("stopped"), 1), clock.now());
    log.warn({ ...record }, "run");
    await records.finish(record).catch((error: unknown) => {
      log.error({ err: error, runId: start.runId }, "the end of the run could not be recorded");
    });
  }
}

/** Calls `then` when the signal is aborted, or now when it is. */
export function onAbort(signal: AbortSignal, then: () => void): void {
  if (signal.aborted) then();
  else signal.addEventListener("abort", () => then(), { once: true });
}
