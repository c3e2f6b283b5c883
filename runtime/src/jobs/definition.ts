import type { Logger } from "pino";
import { EXIT } from "../contract/exit-code.ts";
import type { AppControl } from "../run/app-control.ts";
import type { JobMemory } from "../state/documents.ts";
import type { ProcessContext, ProcessServices, ProcessStores } from "../run/process.ts";

/** The context of one attempt of a run. */
export interface JobContext {
  /** Key of the job. */
  readonly job: string;
  readonly runId: string;
  /** The slot for which it runs. */
  readonly scheduledFor: Date;
  /** Counts from 1. */
  readonly attempt: number;
  readonly actor: string;
  /** Options with defaults and bound variables resolved. The job parses them with its own schema. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Input of a manual run, validated by the job's schema. Empty for other runs. */
  readonly input: Readonly<Record<string, unknown>>;
  /** The app that this process supervises, if any. */
  readonly app?: AppControl;
  /** The process of the run. Undefined if a program of the app runs the job. */
  readonly process?: JobProcess;
  /** Documents that jobs keep between runs. Undefined if the manifest has no store. */
  readonly memory?: () => Promise<JobMemory | undefined>;
  /** Environment, with secret files `X_FILE` resolved to `X`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Original environment for child processes, where a secret file is still a file. */
  readonly childEnv?: Readonly<Record<string, string | undefined>>;
  /** The app's directory, to which paths are relative. */
  readonly directory: string;
  readonly timezone: string;
  readonly log: Logger;
  /** Aborted if the run must end: deadline, shutdown of the process, lost lease. */
  readonly signal: AbortSignal;
  /** Time between SIGTERM and SIGKILL for a child process. */
  readonly graceMs: number;
  /** End of the silence, if messages of the job are silenced. */
  readonly silencedUntil: Date | undefined;
  /** The run changes and sends nothing, and reports what it would do. */
  readonly dryRun: boolean;
}

/** The parts of the process that a job may use. */
export type JobProcess = Pick<ProcessContext, "manifest" | "clock"> &
  Pick<ProcessStores, "records"> &
  Pick<ProcessServices, "caches" | "alerts">;

/** The outcome of a run that did not fail. */
export interface JobOutcome {
  readonly status: "ok" | "skipped";
  readonly details: Readonly<Record<string, unknown>>;
  readonly exitCode?: number;
}

/** Does one attempt of a job. It throws to fail, preferably a JobFailure. */
export type JobWork = (context: JobContext) => Promise<JobOutcome>;

/** Details and cause of a failed run. */
interface FailureOptions {
  readonly exitCode?: number | undefined;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** A failed run, with details for the run record. */
export class JobFailure extends Error {
  override readonly name = "JobFailure";
  readonly exitCode: number | undefined;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(message: string, { exitCode, details = {}, cause }: FailureOptions = {}) {
    super(message, { cause });
    this.exitCode = exitCode;
    this.details = details;
  }

  /** A failure that may pass, so that a retry may succeed. */
  static temporary(message: string, options: FailureOptions = {}): JobFailure {
    return new JobFailure(message, { ...options, exitCode: EXIT.temporary });
  }
}

/** The outcome of a dry run. */
export function dryRunOutcome(details: JobOutcome["details"]): JobOutcome {
  return { status: "skipped", details: { dryRun: true, ...details } };
}
