import type { Logger } from "pino";
import type { AppControl } from "../run/app-control.ts";
import type { JobMemory } from "../state/documents.ts";
import type { ProcessContext, ProcessServices, ProcessStores } from "../run/process.ts";

/** What a run of a job has at hand. */
export interface JobContext {
  /** Key of the job. */
  readonly job: string;
  readonly runId: string;
  /** The slot for which it runs. */
  readonly scheduledFor: Date;
  /** From 1. */
  readonly attempt: number;
  readonly actor: string;
  /** Options after defaults and bound environment variables, not yet of the job's own type. */
  readonly options: Readonly<Record<string, unknown>>;
  /** What was said by hand for this run, as the job's input declares it; empty for any other run. */
  readonly input: Readonly<Record<string, unknown>>;
  /** The app that this process supervises, if it supervises one. */
  readonly app?: AppControl;
  /** The process that runs it; none where a program of the app's own is the run. */
  readonly process?: JobProcess;
  /** What jobs of the stack remember between runs; none where the manifest names no store. */
  readonly memory?: () => Promise<JobMemory | undefined>;
  /** With `X_FILE` resolved into `X`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The environment as it came, for what the job starts: there a secret file is still a file. */
  readonly childEnv?: Readonly<Record<string, string | undefined>>;
  /** Where relative paths begin: the app's directory. */
  readonly directory: string;
  readonly timezone: string;
  readonly log: Logger;
  /** Aborted when the run must end: deadline, stop of the process, lost lease. */
  readonly signal: AbortSignal;
  /** Between SIGTERM and SIGKILL of a child. */
  readonly graceMs: number;
  /** Until when its messages are silenced, when they are. */
  readonly silencedUntil: Date | undefined;
  /** Nothing may be changed or sent: the run says what it would do. */
  readonly dryRun: boolean;
}

/** What a job may look at and use of the process that runs it. */
export type JobProcess = Pick<ProcessContext, "manifest" | "clock"> &
  Pick<ProcessStores, "records"> &
  Pick<ProcessServices, "caches" | "alerts">;

/** How a run went when it did not fail. */
export interface JobOutcome {
  readonly status: "ok" | "skipped";
  readonly details: Readonly<Record<string, unknown>>;
  readonly exitCode?: number;
}

/** A job of the catalog. A failure is thrown, best as a JobFailure. */
export type JobWork = (context: JobContext) => Promise<JobOutcome>;

/** A run that failed, with what the record should hold. */
export class JobFailure extends Error {
  override readonly name = "JobFailure";
  readonly exitCode: number | undefined;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    message: string,
    {
      exitCode,
      details = {},
      cause,
    }: { exitCode?: number; details?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.exitCode = exitCode;
    this.details = details;
  }
}
