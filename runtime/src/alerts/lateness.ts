import type { Logger } from "pino";
import type { AlertSink } from "../contract/alert-event.ts";
import { bindSchedule } from "../contract/bindings.ts";
import type { Env } from "../contract/env.ts";
import type { ManifestJob } from "../contract/job.ts";
import type { RuntimeManifest } from "../contract/manifest.ts";
import type { RecordStore, RunRecord, RunStart } from "../contract/run-record.ts";
import { StoreError } from "../databases/sql-database.ts";
import { nextRuns, type Schedule } from "../schedule/schedule.ts";
import {
  type Interval,
  type Notice,
  SourceAlert,
  startInterval,
  type StatefulAlerts,
  statefulAlerts,
} from "./stateful-alert.ts";

/** Poll interval; a late run is reported within 30 s of its limit. */
const EVERY_MS = 30_000;

/** Limit of a job that declares neither a latest start nor a deadline. */
const TOLERANCE_SECONDS = 600;

/** A run that starts so shortly before its slot belongs to it: clocks of two machines differ. */
const EARLY_MS = 30_000;

/** A run without a deadline is stuck after Render's own limit. @see https://render.com/docs/cronjobs */
const DEADLINE_SECONDS = 12 * 3600;

/** Default time between SIGTERM and SIGKILL, as in the contract. */
const GRACE_SECONDS = 10;

/** Time for recording a run that was stopped. */
const RECORDING_SECONDS = 60;

export interface LatenessOptions {
  readonly manifest: Pick<RuntimeManifest, "system" | "stack" | "process" | "jobs">;
  readonly records: Pick<RecordStore, "latest" | "unfinished">;
  readonly alerts: AlertSink;
  readonly env: Env;
  readonly log: Logger;
  readonly clock: { now(): Date };
}

/** Evaluates all jobs until it is stopped; `evaluate` does so now. */
export type LatenessWatch = Pick<Interval, "stop"> & { evaluate(): Promise<void> };

/** A job with its schedule in this environment. */
interface WatchedJob {
  readonly job: ManifestJob;
  readonly schedule: Schedule;
}

/** The recorded runs of one job. */
interface JobRuns {
  /** The newest finished run that took its slot. */
  readonly last: RunRecord | undefined;
  readonly unfinished: readonly RunStart[];
}

/**
 * Alerts when a job does not run, does not end, or runs again. It reads only run records, so it also
 * works when the process that should start the job is gone.
 */
export function watchLateness(options: LatenessOptions): LatenessWatch {
  const { manifest, clock, env, log } = options;
  const since = clock.now();
  const stateful = statefulAlerts(options);
  const watched = manifest.jobs.flatMap((job) => watchedJob(job, env));
  const source = new SourceAlert("records", stateful, clock);
  const evaluate = async (): Promise<void> => {
    try {
      await evaluateJobs(watched, { ...options, stateful, since });
      await source.readable({ title: "run records can be read again", details: {} });
    } catch (error) {
      const title = "run records cannot be read, so late and stuck jobs are not noticed";
      const details = error instanceof StoreError ? { error: error.message } : {};
      await source.unreadable({ title, details }, () => {
        log.error({ err: error }, "run records cannot be read");
      });
    }
  };
  const { round, stop } = startInterval(evaluate, EVERY_MS);
  return { evaluate: round, stop };
}

/** Empty unless the job's alerts include `late` or `stuck`. */
function watchedJob(job: ManifestJob, env: Env): WatchedJob[] {
  if (!job.schedule || !(wants(job, "late") || wants(job, "stuck"))) return [];
  return [{ job, schedule: bindSchedule({ name: job.name, schedule: job.schedule }, env) }];
}

interface Evaluation extends LatenessOptions {
  readonly stateful: StatefulAlerts;
  /** Start of the watch: a job without a record is due only after it. */
  readonly since: Date;
}

async function evaluateJobs(watched: readonly WatchedJob[], evaluation: Evaluation): Promise<void> {
  if (watched.length === 0) return;
  const { records } = evaluation;
  const unfinished = Map.groupBy(await records.unfinished(), (it) => it.job);
  const jobs = watched.map(({ job }) => job.name);
  const latest = await records.latest({ jobs, tookSlot: true });
  for (const it of watched) {
    const { name } = it.job;
    const runs = { last: latest.get(name), unfinished: unfinished.get(name) ?? [] };
    await evaluateJob(it, runs, evaluation);
  }
}

async function evaluateJob(
  { job, schedule }: WatchedJob,
  runs: JobRuns,
  { stateful, clock, since, manifest }: Evaluation,
): Promise<void> {
  const { name } = job;
  const now = clock.now();
  const where = `${manifest.stack}: ${name}`;
  const slot = missedSlot(job, schedule, { runs, since, now });
  await stateful.set(`${name}/late`, {
    raised: wants(job, "late") && slot ? lateNotice(job, where, slot) : undefined,
    resolved: recoveredNotice(job, `${where} runs again`),
  });
  const stuck = stuckRun(job, runs, now);
  await stateful.set(`${name}/stuck`, {
    raised: wants(job, "stuck") && stuck ? stuckNotice(job, where, stuck) : undefined,
    resolved: recoveredNotice(job, `${where}: the run that did not end is over`),
  });
}

function lateNotice({ name }: ManifestJob, where: string, slot: Date): Notice {
  const due = slot.toISOString();
  const title = `${where} did not run: it was due at ${due}`;
  return { kind: "late", job: name, title, details: { slot: due } };
}

function stuckNotice({ name }: ManifestJob, where: string, run: RunStart): Notice {
  const { runId, startedAt, host } = run;
  const title = `${where} does not end: it began at ${startedAt}`;
  return { kind: "stuck", job: name, title, details: { runId, startedAt, host } };
}

function recoveredNotice(job: ManifestJob, title: string): Notice | undefined {
  if (!wants(job, "recovered")) return undefined;
  return { kind: "recovered", job: job.name, title, details: {} };
}

function wants(
  { alerts }: ManifestJob,
  kind: NonNullable<ManifestJob["alerts"]>["on"][number],
): boolean {
  return alerts?.on.includes(kind) ?? false;
}

/** The slot for which no run started in time. */
export function missedSlot(
  job: ManifestJob,
  schedule: Schedule,
  { runs, since, now }: { readonly runs: JobRuns; readonly since: Date; readonly now: Date },
): Date | undefined {
  const slot = slotAfter(job, schedule, lastStart(runs) ?? since);
  const seconds = job.latestStartSeconds ?? job.deadlineSeconds ?? TOLERANCE_SECONDS;
  const limitMs = (seconds + (job.jitterSeconds ?? 0)) * 1000;
  return slot && now.getTime() > slot.getTime() + limitMs ? slot : undefined;
}

/** A run without an end that should have ended long ago. */
export function stuckRun(
  job: ManifestJob,
  { unfinished }: JobRuns,
  now: Date,
): RunStart | undefined {
  const seconds =
    (job.deadlineSeconds ?? DEADLINE_SECONDS) +
    (job.graceSeconds ?? GRACE_SECONDS) +
    RECORDING_SECONDS;
  return unfinished.find((it) => now.getTime() - Date.parse(it.startedAt) > seconds * 1000);
}

/** The newest run's slot or start, whichever is later. */
function lastStart({ last, unfinished }: JobRuns): Date | undefined {
  const starts = [...(last ? [last] : []), ...unfinished].map((it) =>
    Math.max(Date.parse(it.startedAt), Date.parse(it.scheduledFor)),
  );
  return starts.length === 0 ? undefined : new Date(Math.max(...starts));
}

/** An app that runs a job every so often counts from its last run, not from 1970. */
function slotAfter(job: ManifestJob, schedule: Schedule, start: Date): Date | undefined {
  if (job.startedBy === "app" && schedule.everySeconds !== undefined) {
    return new Date(start.getTime() + schedule.everySeconds * 1000);
  }
  if (schedule.pattern === undefined && schedule.everySeconds === undefined) return undefined;
  return nextRuns(schedule, new Date(start.getTime() + EARLY_MS), 1)[0];
}
