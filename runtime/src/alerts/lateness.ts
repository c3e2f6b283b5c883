import type { Logger } from "pino";
import type { AlertSink } from "../contract/alert-event.ts";
import type { ManifestJob } from "../contract/job.ts";
import type { RuntimeManifest } from "../contract/manifest.ts";
import type { RecordStore, RunStart } from "../contract/run-record.ts";
import type { Schedule } from "../schedule/schedule.ts";
import { bindSchedule } from "../contract/bindings.ts";
import type { Env } from "../contract/env.ts";
import { missedSlot, stuckRun } from "./lateness-verdict.ts";
import { createNoticeBoard, type Notice, type NoticeBoard } from "./notice-board.ts";
import { repeat } from "./repeat.ts";

/** How often is looked: lateness is told within half a minute of its limit. */
const EVERY_MS = 30_000;

/** Newest records of a job that are looked at: enough to find the last one that was really run. */
const RECORDS_MAX = 50;

/** The store may be away for so long before that is told. */
const UNREAD_MS = 60_000;

/** What lateness is watched with. */
export interface LatenessOptions {
  readonly manifest: Pick<RuntimeManifest, "system" | "stack" | "process" | "jobs">;
  readonly records: RecordStore;
  readonly alerts: AlertSink;
  readonly env: Env;
  readonly log: Logger;
  readonly clock: { now(): Date };
}

/** A watch that goes on until it is stopped. */
export interface LatenessWatch {
  /** Looks now. */
  look(): Promise<void>;
  stop(): Promise<void>;
}

/** A job with when it is due. */
interface WatchedJob {
  readonly job: ManifestJob;
  readonly schedule: Schedule;
}

/**
 * Tells when a job did not run, does not end, and runs again: by the records alone, so it is told
 * whatever happened to the job and to who should have started it.
 */
export function watchLateness(options: LatenessOptions): LatenessWatch {
  const { manifest, clock, env, log } = options;
  const since = clock.now();
  const board = createNoticeBoard(options);
  const watched = manifest.jobs.flatMap((job) => watchedJob(job, env));
  let unreadSinceMs: number | undefined;
  const look = async (): Promise<void> => {
    try {
      await lookAt(watched, { ...options, board, since });
      unreadSinceMs = undefined;
      await board.set(STORE, { over: READABLE });
    } catch (error) {
      const nowMs = clock.now().getTime();
      if (unreadSinceMs === undefined) log.error({ err: error }, "run records cannot be read");
      unreadSinceMs ??= nowMs;
      if (nowMs - unreadSinceMs >= UNREAD_MS) await board.set(STORE, { raised: UNREAD });
    }
  };
  const { round, stop } = repeat(look, EVERY_MS);
  return { look: round, stop };
}

/** Key of the alert about the watch itself. */
const STORE = "records";

const UNREAD: Notice = {
  kind: "rule",
  title: "the records of runs cannot be read, so nobody sees whether jobs run",
  details: {},
};

const READABLE: Notice = {
  kind: "resolved",
  title: "the records of runs can be read again",
  details: {},
};

/** Jobs whose alerts ask for it, with the schedule that this environment makes of theirs. */
function watchedJob(job: ManifestJob, env: Env): WatchedJob[] {
  if (!job.schedule || !(wants(job, "late") || wants(job, "stuck"))) return [];
  return [{ job, schedule: bindSchedule({ name: job.name, schedule: job.schedule }, env) }];
}

interface Look extends LatenessOptions {
  readonly board: NoticeBoard;
  readonly since: Date;
}

async function lookAt(watched: readonly WatchedJob[], look: Look): Promise<void> {
  if (watched.length === 0) return;
  const unfinished = Map.groupBy(await look.records.unfinished(), (it) => it.job);
  for (const it of watched) await lookAtJob(it, look, unfinished.get(it.job.name) ?? []);
}

async function lookAtJob(
  { job, schedule }: WatchedJob,
  { records, board, clock, since, manifest }: Look,
  unfinished: readonly RunStart[],
): Promise<void> {
  const { name } = job;
  const known = { records: await records.list({ job: name, limit: RECORDS_MAX }), unfinished };
  const now = clock.now();
  const where = `${manifest.stack}: ${name}`;
  const slot = missedSlot(job, schedule, { known, span: { since, now } });
  await board.set(`${name}/late`, {
    raised: wants(job, "late") && slot ? lateNotice(job, where, slot) : undefined,
    over: recovered(job, `${where} runs again`),
  });
  const stuck = stuckRun(job, known, now);
  await board.set(`${name}/stuck`, {
    raised: wants(job, "stuck") && stuck ? stuckNotice(job, where, stuck) : undefined,
    over: recovered(job, `${where}: the run that did not end is over`),
  });
}

function lateNotice({ name }: ManifestJob, where: string, slot: Date): Notice {
  const due = slot.toISOString();
  return {
    kind: "late",
    job: name,
    title: `${where} did not run: it was due at ${due}`,
    details: { slot: due },
  };
}

function stuckNotice({ name }: ManifestJob, where: string, run: RunStart): Notice {
  const { runId, startedAt, host } = run;
  return {
    kind: "stuck",
    job: name,
    title: `${where} does not end: it began at ${startedAt}`,
    details: { runId, startedAt, host },
  };
}

function recovered(job: ManifestJob, title: string): Notice | undefined {
  if (!wants(job, "recovered")) return undefined;
  return { kind: "recovered", job: job.name, title, details: {} };
}

function wants(
  { alerts }: ManifestJob,
  kind: NonNullable<ManifestJob["alerts"]>["on"][number],
): boolean {
  return alerts?.on.includes(kind) ?? false;
}
