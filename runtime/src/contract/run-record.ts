import * as z from "zod/mini";
import type { StoredAlert } from "./alert-event.ts";

/** How a run ended. `lost`: its process disappeared, and another process noticed. */
export const RUN_STATUSES = [
  "ok",
  "failed",
  "timed-out",
  "skipped",
  "interrupted",
  "lost",
] as const;

export type RunStatus = (typeof RUN_STATUSES)[number];

/** The start of a run. */
export interface RunStart {
  /** Key of the job. */
  readonly job: string;
  /** UUID of the run, shared by all its attempts. */
  readonly runId: string;
  /** The slot of the run, or the time of a manual start, ISO 8601 in UTC. */
  readonly scheduledFor: string;
  readonly startedAt: string;
  /** What started it: `schedule`, `call`, `start`, `catch-up`, `app`, or `manual <who>`. */
  readonly actor: string;
  readonly host: string;
  /** Commit of the app if the platform provides it, else null. */
  readonly commit: string | null;
  /** Fence of the lease of the run. A store refuses the end of a run after a later lease. */
  readonly fence: number;
}

/** The record of a finished run, written for every outcome. */
export interface RunRecord extends RunStart {
  readonly status: RunStatus;
  readonly durationMs: number;
  /** Number of attempts; 0 for a skipped run. */
  readonly attempt: number;
  /** Exit code of the last attempt's child process, else null. */
  readonly exitCode: number | null;
  /** First part of the error's text without secrets, else null. */
  readonly error: string | null;
  /** Details from the job: counts, artifacts, why it was skipped. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** A query for records, newest first. */
export interface RecordQuery {
  readonly job?: string | undefined;
  readonly status?: RunStatus | undefined;
  /** Only runs that started after this time, ISO 8601. */
  readonly since?: string | undefined;
  /** Only runs that started at this time or before it, ISO 8601. */
  readonly until?: string | undefined;
  /** Only runs whose job, actor, host, error or details contain this text, ignoring case. */
  readonly text?: string | undefined;
  /** Maximum number of records. */
  readonly limit: number;
}

/** The newest records of some jobs, one for each. */
export interface LatestQuery {
  readonly jobs: readonly string[];
  readonly status?: RunStatus;
  /**
   * Passes over skipped runs that leave their slot open: too late to start (`lateSeconds` in the
   * details), or the tick of the other of two crons (`nextSlot`).
   */
  readonly tookSlot?: boolean;
}

/** The run records of a stack. */
export interface RecordStore {
  /**
   * Stores the start of a run, so that a run without an end is noticed. Returns false, and stores
   * nothing, if there is a run of this id.
   */
  begin(run: RunStart): Promise<boolean>;
  /**
   * Stores the end of a run and its alerts in one transaction, so that a process that is killed loses
   * neither. Returns false, and stores nothing, if there was a later lease of the same job and slot.
   */
  finish(record: RunRecord, alerts?: readonly StoredAlert[]): Promise<boolean>;
  list(query: RecordQuery): Promise<RunRecord[]>;
  /** The newest record of each job, by the job's name, in one query. */
  latest(query: LatestQuery): Promise<Map<string, RunRecord>>;
  /** The record of a finished run. */
  find(runId: string): Promise<RunRecord | undefined>;
  /** The start of a run, finished or not. */
  startOf(runId: string): Promise<RunStart | undefined>;
  /** A run of the job for this slot that was not skipped, finished or not. */
  ofSlot(job: string, slot: Date): Promise<RunStart | undefined>;
  /** Runs that started and have no end, oldest first. */
  unfinished(): Promise<RunStart[]>;
}

/** Schema of the end of a run record, for records from a file or another process. */
export const runRecordEnd = {
  status: z.enum(RUN_STATUSES),
  durationMs: z.number(),
  attempt: z.number(),
  exitCode: z.nullable(z.number()),
  error: z.nullable(z.string()),
  details: z.record(z.string(), z.unknown()),
};
