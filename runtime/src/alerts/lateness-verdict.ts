import type { ManifestJob } from "../contract/job.ts";
import type { RunRecord, RunStart } from "../contract/run-record.ts";
import { nextRuns, type Schedule } from "../schedule/schedule.ts";

/** A job that names neither a latest start nor a deadline is late after so long. */
const TOLERANCE_SECONDS = 600;

/** A run that began so little before its slot is the slot's: clocks of two machines differ. */
const EARLY_MS = 30_000;

/** Without a deadline a run is stuck when even Render would have ended it. @see https://render.com/docs/cronjobs */
const DEADLINE_SECONDS = 12 * 3600;

/** Between SIGTERM and SIGKILL of a run that has none declared, as in the contract. */
const GRACE_SECONDS = 10;

/** A run that was ended needs a moment to be recorded. */
const RECORDING_SECONDS = 60;

/** What is known of the runs of one job. */
export interface KnownRuns {
  /** Newest first. */
  readonly records: readonly RunRecord[];
  readonly unfinished: readonly RunStart[];
}

/** The time in which runs are looked for. */
export interface WatchSpan {
  /** Since when somebody watches: a job without any record was due only after that. */
  readonly since: Date;
  readonly now: Date;
}

/**
 * The slot for which nothing started in time; undefined when all is well.
 *
 * Only what the records say counts, so that it is seen whoever should have started the job, and
 * also when that one is gone.
 */
export function missedSlot(
  job: ManifestJob,
  schedule: Schedule,
  { known, span }: { known: KnownRuns; span: WatchSpan },
): Date | undefined {
  const slot = firstUncovered(job, schedule, lastStart(known) ?? span.since);
  if (!slot) return undefined;
  return span.now.getTime() > slot.getTime() + toleranceMs(job) ? slot : undefined;
}

/** A run that has begun, has no end, and should long have one. */
export function stuckRun(
  job: ManifestJob,
  { unfinished }: KnownRuns,
  now: Date,
): RunStart | undefined {
  const seconds =
    (job.deadlineSeconds ?? DEADLINE_SECONDS) +
    (job.graceSeconds ?? GRACE_SECONDS) +
    RECORDING_SECONDS;
  return unfinished.find((it) => now.getTime() - Date.parse(it.startedAt) > seconds * 1000);
}

/** How long after its slot a job may start before that is told. */
function toleranceMs(job: ManifestJob): number {
  const seconds = job.latestStartSeconds ?? job.deadlineSeconds ?? TOLERANCE_SECONDS;
  return (seconds + (job.jitterSeconds ?? 0)) * 1000;
}

/** When the newest run began, as its slot or its start, whichever is later. */
function lastStart({ records, unfinished }: KnownRuns): Date | undefined {
  const starts = [...records.filter((it) => !isForNoSlot(it)), ...unfinished].map((it) =>
    Math.max(Date.parse(it.startedAt), Date.parse(it.scheduledFor)),
  );
  return starts.length === 0 ? undefined : new Date(Math.max(...starts));
}

/**
 * Skipped records that are no start of a slot: one that was let go because nothing could start in
 * time says how late it was, and the tick of the other of two crons names the slot to come.
 */
function isForNoSlot({ status, details }: RunRecord): boolean {
  const isLetGo = details["lateSeconds"] !== undefined || details["nextSlot"] !== undefined;
  return status === "skipped" && isLetGo;
}

/**
 * The first slot after a start. An app that runs a job every so often counts from its last run and
 * not from 1970, so its next run is due one interval after it.
 */
function firstUncovered(job: ManifestJob, schedule: Schedule, start: Date): Date | undefined {
  if (job.startedBy === "app" && schedule.everySeconds !== undefined) {
    return new Date(start.getTime() + schedule.everySeconds * 1000);
  }
  if (schedule.pattern === undefined && schedule.everySeconds === undefined) return undefined;
  return nextRuns(schedule, new Date(start.getTime() + EARLY_MS), 1)[0];
}
