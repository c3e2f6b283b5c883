import type { RunStatus } from "../contract/run-record.ts";
import { NAMES_MAX, type NotedRun } from "./reports.ts";
import type { Clock } from "../run/clock.ts";

/** Counts of one job's runs since the process began. */
export interface JobTally {
  /** By status. */
  readonly runs: ReadonlyMap<RunStatus, number>;
  readonly attempts: number;
  /** Attempts after the first of each run. */
  readonly retries: number;
  readonly success: number;
  readonly failure: number;
  /** Durations of the runs that ended, in seconds. */
  readonly durationCount: number;
  readonly durationSum: number;
  readonly durationMax: number;
  readonly lastSuccessAt: Date | undefined;
}

/** A run that has not ended. */
export interface CurrentRun {
  readonly job: string;
  readonly runId: string;
  readonly since: Date;
}

/** The runs of a process since it began. It reads no store, so it costs nothing at start. */
export interface RunTally {
  note(run: NotedRun): void;
  jobs(): ReadonlyMap<string, JobTally>;
  /** Runs that have begun and not ended, oldest first. */
  current(): readonly CurrentRun[];
  readonly last: LastRuns;
}

/** When something last happened, in any job. */
export interface LastRuns {
  readonly startedAt: Date | undefined;
  readonly finishedAt: Date | undefined;
  readonly successAt: Date | undefined;
  readonly failureAt: Date | undefined;
  readonly consecutiveFailures: number;
}

const NONE: JobTally = {
  runs: new Map(),
  attempts: 0,
  retries: 0,
  success: 0,
  failure: 0,
  durationCount: 0,
  durationSum: 0,
  durationMax: 0,
  lastSuccessAt: undefined,
};

/** An empty tally. A skipped run is neither a success nor a failure. */
export function createRunTally(clock: Clock): RunTally {
  const jobs = new Map<string, JobTally>();
  const current = new Map<string, CurrentRun>();
  let last: LastRuns = {
    startedAt: undefined,
    finishedAt: undefined,
    successAt: undefined,
    failureAt: undefined,
    consecutiveFailures: 0,
  };
  return {
    note: (run) => {
      const now = clock.now();
      if (run.status === undefined) {
        if (current.size < NAMES_MAX) current.set(run.runId, { ...keyOf(run), since: now });
        last = { ...last, startedAt: now };
        return;
      }
      current.delete(run.runId);
      const known = jobs.has(run.job) || jobs.size < NAMES_MAX;
      if (known) jobs.set(run.job, add(jobs.get(run.job) ?? NONE, run, now));
      last = addLast(last, run, now);
    },
    jobs: () => jobs,
    current: () => [...current.values()],
    get last() {
      return last;
    },
  };
}

function keyOf({ job, runId }: NotedRun): Pick<CurrentRun, "job" | "runId"> {
  return { job, runId };
}

function add(tally: JobTally, run: NotedRun, now: Date): JobTally {
  const { status } = run;
  if (status === undefined) return tally;
  const runs = new Map(tally.runs).set(status, (tally.runs.get(status) ?? 0) + 1);
  if (status === "skipped") return { ...tally, runs };
  const attempts = run.attempt ?? 1;
  const seconds = (run.durationMs ?? 0) / 1000;
  const isSuccess = status === "ok";
  return {
    runs,
    attempts: tally.attempts + attempts,
    retries: tally.retries + Math.max(0, attempts - 1),
    success: tally.success + (isSuccess ? 1 : 0),
    failure: tally.failure + (isSuccess ? 0 : 1),
    durationCount: tally.durationCount + 1,
    durationSum: tally.durationSum + seconds,
    durationMax: Math.max(tally.durationMax, seconds),
    lastSuccessAt: isSuccess ? now : tally.lastSuccessAt,
  };
}

function addLast(last: LastRuns, { status }: NotedRun, now: Date): LastRuns {
  if (status === "skipped") return last;
  if (status === "ok") {
    return { ...last, finishedAt: now, successAt: now, consecutiveFailures: 0 };
  }
  return {
    ...last,
    finishedAt: now,
    failureAt: now,
    consecutiveFailures: last.consecutiveFailures + 1,
  };
}
