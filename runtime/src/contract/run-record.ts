import * as z from "zod/mini";

/** How a run ended. `lost`: its process vanished, and another one found that out. */
export const RUN_STATUSES = [
  "ok",
  "failed",
  "timed-out",
  "skipped",
  "interrupted",
  "lost",
] as const;

export type RunStatus = (typeof RUN_STATUSES)[number];

/** A run that has begun. */
export interface RunStart {
  /** Key of the job. */
  readonly job: string;
  /** UUID of the run; all its attempts share it. */
  readonly runId: string;
  /** The slot for which it runs, or the moment at which somebody started it, as ISO 8601 in UTC. */
  readonly scheduledFor: string;
  readonly startedAt: string;
  /** Who started it: `schedule`, `call`, `start`, `catch-up`, `app`, or `manual <who>`. */
  readonly actor: string;
  readonly host: string;
  /** Commit of the app, where the platform says it; else null. */
  readonly commit: string | null;
  /** Of the lease under which it runs: a store refuses the end of a run whose lease was passed on. */
  readonly fence: number;
}

/** A run that has ended, in whatever way. Written on every outcome. */
export interface RunRecord extends RunStart {
  readonly status: RunStatus;
  readonly durationMs: number;
  /** How many attempts were made; 0 when nothing was tried. */
  readonly attempt: number;
  /** Of the last attempt's child process, else null. */
  readonly exitCode: number | null;
  /** First part of the error's text without secrets, else null. */
  readonly error: string | null;
  /** What the job has to say: counts, artifacts, why it was skipped. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** Which records are asked for, newest first. */
export interface RecordQuery {
  readonly job?: string;
  readonly status?: RunStatus;
  /** Only runs that started after it, ISO 8601. */
  readonly since?: string;
  /** Most records in the answer. */
  readonly limit: number;
}

/** The newest records of some jobs, one for each. */
export interface LatestQuery {
  readonly jobs: readonly string[];
  readonly status?: RunStatus;
}

/** The run records of a stack. */
export interface RecordStore {
  /** Notes that a run starts, so that it is known when it never finishes. */
  begin(run: RunStart): Promise<void>;
  /** Stores the end of a run; false when a later lease of the same job and slot has been seen. */
  finish(record: RunRecord): Promise<boolean>;
  list(query: RecordQuery): Promise<RunRecord[]>;
  /** The newest record of each job, by the job's name, in one query. */
  latest(query: LatestQuery): Promise<Map<string, RunRecord>>;
  /** The record of a finished run. */
  find(runId: string): Promise<RunRecord | undefined>;
  /** Runs that started and have no end, oldest first. */
  unfinished(): Promise<RunStart[]>;
}

/** What the record of a run has beside its start, as it is read from a file or from another process. */
export const runRecordEnd = {
  status: z.enum(RUN_STATUSES),
  durationMs: z.number(),
  attempt: z.number(),
  exitCode: z.nullable(z.number()),
  error: z.nullable(z.string()),
  details: z.record(z.string(), z.unknown()),
};
