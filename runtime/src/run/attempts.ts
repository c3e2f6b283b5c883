import { EXIT } from "../contract/exit-code.ts";
import type { ManifestJob } from "../contract/job.ts";
import type { JobContext, JobOutcome, JobWork } from "../jobs/definition.ts";
import { loadWork } from "../jobs/work.ts";
import { bindOptions } from "../contract/bindings.ts";
import { aborted, type Ending, failed, type Failure, failureOf } from "./ending.ts";
import { retry, type RetryPolicy } from "./retry.ts";
import { startTimer, type Timer } from "./timer.ts";
import { RunAbort } from "./run-abort.ts";
import type { Run } from "./run.ts";
import { silencedUntil } from "./silence.ts";
import { JOB_DEFAULTS } from "../systems/job-defaults.gen.ts";

/** Between SIGTERM and SIGKILL, unless the job says otherwise. */
const GRACE_SECONDS = 10;

/** After the grace, work that has not noticed that it must end is left alone. */
const ABANDON_MS = 2_000;

/** Pause before the second attempt, unless the job says otherwise. */
const BACKOFF_SECONDS = 10;

/** How the attempts of a run ended. */
export interface Attempts {
  readonly ending: Ending;
  /** The work did not end when it had to, and may still go on. */
  readonly isStuck: boolean;
}

/** What every attempt of a run needs. */
interface Trial {
  readonly run: Run;
  readonly work: JobWork;
  readonly context: Omit<JobContext, "attempt">;
}

/** Does the work of a run, again where that may help, until its deadline or until it must end. */
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

async function contextOf(run: Run, signal: AbortSignal): Promise<Trial["context"]> {
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

/** A command stands beside the options in a manifest and is one of them for the work. */
function optionsOf({ uses, command, options = {} }: ManifestJob): ManifestJob["options"] {
  return uses !== "command" || command === undefined ? options : { command, ...options };
}

async function attemptUntilDone({ run, work, context }: Trial): Promise<Attempts> {
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
    if (signal.aborted) return { ending: aborted(signal.reason, attempt), isStuck };
    return { ending: { status, attempt, exitCode, error: null, details }, isStuck };
  } catch (error) {
    if (signal.aborted) return { ending: aborted(signal.reason, attempt, failure), isStuck };
    return { ending: failed(failure ?? failureOf(error), attempt), isStuck };
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
  // Exit code 75 means "temporary", so it is retried also where other codes are listed.
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
