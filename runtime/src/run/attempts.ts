import { setTimeout as sleep } from "node:timers/promises";
import type { ManifestJob } from "../contract/job.ts";
import type { JobContext, JobOutcome, JobWork } from "../jobs/definition.ts";
import { jobWork } from "../jobs/registry.ts";
import { bindOptions } from "../contract/bound-option.ts";
import { aborted, type Ending, failed, type Failure, failureOf } from "./ending.ts";
import { isRetried, retryPauseMs } from "./retry.ts";
import { RunAbort } from "./run-abort.ts";
import type { Run } from "./run.ts";
import { silencedUntil } from "./silence.ts";

/** Between SIGTERM and SIGKILL, unless the job says otherwise. */
const GRACE_SECONDS = 10;

/** After the grace, work that has not noticed that it must end is left alone. */
const ABANDON_MS = 2_000;

/** Longest time of a timer. @see https://nodejs.org/api/timers.html#settimeoutcallback-delay-args */
const TIMER_MS_MAX = 2 ** 31 - 1;

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
  loadWork: (uses: string) => Promise<JobWork> = jobWork,
): Promise<Attempts> {
  const deadline = new AbortController();
  const { deadlineSeconds } = run.job;
  const timer =
    deadlineSeconds === undefined
      ? undefined
      : setTimeout(
          () => deadline.abort(new RunAbort("deadline")),
          Math.min(deadlineSeconds * 1000, TIMER_MS_MAX),
        );
  try {
    const context = await contextOf(run, AbortSignal.any([run.signal, deadline.signal]));
    return await attempts({ run, context, work: await loadWork(run.job.uses) });
  } finally {
    clearTimeout(timer);
  }
}

async function contextOf(run: Run, signal: AbortSignal): Promise<Trial["context"]> {
  const { job, process, start } = run;
  const options = bindOptions({ ...job, options: optionsOf(job) }, process.env);
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

async function attempts({ run, work, context }: Trial): Promise<Attempts> {
  const { signal } = context;
  const { retries } = run.job;
  for (let attempt = 1; ; attempt += 1) {
    if (signal.aborted) return ended(aborted(signal.reason, attempt - 1));
    const result = await oneAttempt(work, { ...context, attempt });
    const failure = "failure" in result ? result.failure : undefined;
    if (signal.aborted) {
      const isStuck = "isStuck" in result;
      return { ending: aborted(signal.reason, attempt, failure), isStuck };
    }
    if ("outcome" in result) return ended(endingOf(result.outcome, attempt));
    if (!failure || !isRetried(retries, { attempt, exitCode: failure.exitCode })) {
      return ended(failed(failure ?? failureOf("it did not end"), attempt));
    }
    const pauseMs = retryPauseMs(retries, attempt, Math.random());
    run.log.warn({ attempt, pauseMs, error: failure.message }, "attempt failed, trying again");
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return ended(aborted(signal.reason, attempt, failure));
  }
}

function ended(ending: Ending): Attempts {
  return { ending, isStuck: false };
}

function endingOf({ status, details, exitCode }: JobOutcome, attempt: number): Ending {
  return { status, attempt, exitCode: exitCode ?? null, error: null, details };
}

type AttemptResult =
  | { readonly outcome: JobOutcome }
  | { readonly failure: Failure }
  | { readonly isStuck: true };

async function oneAttempt(work: JobWork, context: JobContext): Promise<AttemptResult> {
  const given = giveUp(context);
  try {
    const working = work(context).then(
      (outcome): AttemptResult => ({ outcome }),
      (error: unknown): AttemptResult => ({ failure: failureOf(error) }),
    );
    return await Promise.race([working, given.up]);
  } finally {
    given.cancel();
  }
}

/** Resolves when the work has not ended a while after it had to. */
function giveUp({ signal, graceMs }: JobContext): {
  up: Promise<AttemptResult>;
  cancel: () => void;
} {
  const { promise: up, resolve } = Promise.withResolvers<AttemptResult>();
  let timer: NodeJS.Timeout | undefined;
  const start = (): void => {
    timer = setTimeout(() => resolve({ isStuck: true }), graceMs + ABANDON_MS);
  };
  if (signal.aborted) start();
  else signal.addEventListener("abort", start, { once: true });
  return {
    up,
    cancel: () => {
      signal.removeEventListener("abort", start);
      clearTimeout(timer);
    },
  };
}
