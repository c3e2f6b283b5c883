import { EXIT } from "../contract/exit-code.ts";
import type { ManifestJob } from "../contract/job.ts";
import type { JobContext, JobOutcome, JobWork } from "../jobs/definition.ts";
import { loadWork } from "../jobs/work.ts";
import { bindOptions } from "../contract/bindings.ts";
import {
  aborted,
  failed,
  type Failure,
  failureOf,
  RunAbort,
  type RunOutcome,
} from "./run-outcome.ts";
import { retry, type RetryPolicy } from "./retry.ts";
import { startTimer, type Timer } from "./timer.ts";
import type { Run } from "./run.ts";
import { silencedUntil } from "./silence.ts";
import { JOB_DEFAULTS } from "../systems/job-defaults.gen.ts";

/** Default time between SIGTERM and SIGKILL. */
const GRACE_SECONDS = 10;

/** Work that does not end this long after its grace period is abandoned, in ms. */
const ABANDON_MS = 2_000;

/** Default pause before the second attempt. */
const BACKOFF_SECONDS = 10;

/** How the attempts of a run ended. */
export interface Attempts {
  readonly outcome: RunOutcome;
  /** The work did not end after the abort, and may still go on. */
  readonly isStuck: boolean;
}

/** What all attempts of a run share. */
interface SharedWork {
  readonly run: Run;
  readonly work: JobWork;
  readonly context: Omit<JobContext, "attempt">;
}

/** Does the work of a run, with its retries, until it is done, its deadline passes or the run is aborted. */
export async function makeAttempts(
  run: Run,
  load: (uses: string) => Promise<JobWork> = loadWork,
): Promise<Attempts> {
  const deadline = new AbortController();
  const { deadlineSeconds } = run.job;
  const timer =
    deadlineSeconds !== undefined &&
    startTimer(deadlineSeconds * 1000, () => deadline.abort(new RunAbort("deadline")));
  try {
    const context = await contextOf(run, AbortSignal.any([run.signal, deadline.signal]));
    return await attemptUntilDone({ run, context, work: await load(run.job.uses) });
  } finally {
    if (timer) timer.stop();
  }
}

async function contextOf(run: Run, signal: AbortSignal): Promise<SharedWork["context"]> {
  const { job, process, start } = run;
  const defaults = JOB_DEFAULTS[process.manifest.system]?.[job.uses];
  const options = bindOptions({ ...job, options: { ...defaults, ...optionsOf(job) } }, process.env);
  const silence = { directory: process.directory, file: job.silencedBy, log: run.log };
  return {
    job: job.name,
    runId: start.runId,
    scheduledFor: run.scheduledFor,
    actor: start.actor,
    options,
    input: run.request.input ?? {},
    ...(process.app ? { app: process.app } : {}),
    process,
    memory: process.memory,
    env: process.env,
    childEnv: process.childEnv,
    directory: process.directory,
    timezone: job.schedule?.timezone ?? process.manifest.timezone,
    log: run.log,
    signal,
    graceMs: (job.graceSeconds ?? GRACE_SECONDS) * 1000,
    silencedUntil: await silencedUntil({ ...silence, now: process.clock.now() }),
    dryRun: run.request.dryRun ?? false,
  };
}

/** The manifest has the command beside the options; the work reads it as an option. */
function optionsOf({ uses, command, options = {} }: ManifestJob): ManifestJob["options"] {
  return uses !== "command" || command === undefined ? options : { command, ...options };
}

async function attemptUntilDone({ run, work, context }: SharedWork): Promise<Attempts> {
  const { signal } = context;
  const { retries } = run.job;
  let attempt = 0;
  let failure: Failure | undefined;
  let isStuck = false;
  const attemptOnce = async (number: number): Promise<JobOutcome> => {
    attempt = number;
    try {
      return await oneAttempt(work, { ...context, attempt });
    } catch (error) {
      isStuck = error instanceof StuckError;
      failure = isStuck ? undefined : failureOf(error);
      throw error;
    }
  };
  try {
    const {
      status,
      exitCode = null,
      details,
    } = await retry(attemptOnce, {
      ...retryPolicy(retries),
      signal,
      isTemporary: () => isRetried(retries, failure?.exitCode),
      onRetry: ({ pauseMs }) =>
        run.log.warn({ attempt, pauseMs, error: failure?.message }, "attempt failed, retrying"),
    });
    if (signal.aborted) return { outcome: aborted(signal.reason, attempt), isStuck };
    return { outcome: { status, attempt, exitCode, error: null, details }, isStuck };
  } catch (error) {
    if (signal.aborted) return { outcome: aborted(signal.reason, attempt, failure), isStuck };
    return { outcome: failed(failure ?? failureOf(error), attempt), isStuck };
  }
}

/** Attempts and backoff of a job, for `retry`. */
export function retryPolicy(retries: ManifestJob["retries"]): RetryPolicy {
  const { max = 0, backoffSeconds = BACKOFF_SECONDS } = retries ?? {};
  return { attempts: max + 1, pauseMs: backoffSeconds * 1000 };
}

/** Whether the job retries a failure with this exit code. */
export function isRetried(retries: ManifestJob["retries"], exitCode: number | undefined): boolean {
  if (exitCode === EXIT.configuration) return false;
  // Exit code 75 means "temporary", so it is retried even if other codes are listed.
  if (exitCode === EXIT.temporary || !retries?.on) return true;
  return exitCode !== undefined && retries.on.includes(exitCode);
}

/** The work did not end in its grace period after it was aborted. */
class StuckError extends Error {}

async function oneAttempt(work: JobWork, context: JobContext): Promise<JobOutcome> {
  const { signal, graceMs } = context;
  const { promise: stuck, reject } = Promise.withResolvers<never>();
  let timer: Timer | undefined;
  const startGrace = (): void => {
    timer = startTimer(graceMs + ABANDON_MS, () => reject(new StuckError()));
  };
  if (signal.aborted) startGrace();
  else signal.addEventListener("abort", startGrace, { once: true });
  try {
    return await Promise.race([work(context), stuck]);
  } finally {
    signal.removeEventListener("abort", startGrace);
    timer?.stop();
  }
}
