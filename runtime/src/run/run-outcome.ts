import { ConfigurationError, problemLine } from "../contract/configuration-error.ts";
import { EXIT } from "../contract/exit-code.ts";
import type { RunRecord, RunStart, RunStatus } from "../contract/run-record.ts";
import { JobFailure } from "../jobs/definition.ts";
import { redact, redactDeep } from "../redaction.ts";

/** Longest error text of a run record. */
const ERROR_CHARACTERS_MAX = 400;

/** How a run ended. */
export interface RunOutcome {
  readonly status: RunStatus;
  readonly attempt: number;
  readonly exitCode: number | null;
  readonly error: string | null;
  readonly details: Readonly<Record<string, unknown>>;
}

/** How an attempt failed. */
export interface Failure {
  readonly message: string;
  readonly exitCode: number | undefined;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Why a run does nothing, with details for its record. */
export interface Skip {
  readonly reason: string;
  readonly [detail: string]: unknown;
}

/** Why a run must end before its work is done. */
export type AbortCause = "deadline" | "stopped" | "cancelled" | "replaced" | "lease-lost";

const CAUSES: Readonly<Record<AbortCause, string>> = {
  deadline: "the run exceeded its deadline",
  stopped: "its process was asked to stop",
  cancelled: "an operator stopped it",
  replaced: "a newer run replaced it",
  "lease-lost": "its lease was lost, so another process may run the job",
};

/** The reason with which a run's signal is aborted. */
export class RunAbort extends Error {
  override readonly name = "RunAbort";
  override readonly cause: AbortCause;

  constructor(cause: AbortCause) {
    super(CAUSES[cause]);
    this.cause = cause;
  }
}

/** The failure that a thrown value describes. */
export function failureOf(error: unknown): Failure {
  if (error instanceof JobFailure) {
    const { message, exitCode, details } = error;
    return { message, exitCode, details };
  }
  if (error instanceof ConfigurationError) {
    const { message, problems } = error;
    // The message is cut; with all problems in the details, one run shows everything to correct.
    const details = problems.length > 1 ? { problems: problems.map(problemLine) } : {};
    return { message, exitCode: EXIT.configuration, details };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { message: message || "unknown", exitCode: undefined, details: {} };
}

/** The outcome of a run that made no attempt. */
export function skipped(skip: Skip): RunOutcome {
  return { status: "skipped", attempt: 0, exitCode: null, error: null, details: { ...skip } };
}

/** The outcome of a run whose last attempt failed. */
export function failed(failure: Failure, attempt: number): RunOutcome {
  const { message, exitCode = null, details } = failure;
  return { status: "failed", attempt, exitCode, error: message, details };
}

/** The outcome of an aborted run; `failure` is how its last attempt failed, if it did. */
export function aborted(reason: unknown, attempt: number, failure?: Failure): RunOutcome {
  const abort = reason instanceof RunAbort ? reason : new RunAbort("stopped");
  const { exitCode = null, details = {} } = failure ?? {};
  return {
    status: abort.cause === "deadline" ? "timed-out" : "interrupted",
    attempt,
    exitCode,
    error: abort.message,
    details: { ...details, cause: abort.cause },
  };
}

/** The record of a run that ends now, without secrets. */
export function recordOf(start: RunStart, outcome: RunOutcome, now: Date): RunRecord {
  return {
    ...start,
    status: outcome.status,
    durationMs: Math.max(0, now.getTime() - Date.parse(start.startedAt)),
    attempt: outcome.attempt,
    exitCode: outcome.exitCode,
    ...redactedTexts(outcome),
  };
}

/** Error and details of a record: short, and without secrets. */
export function redactedTexts({
  error,
  details,
}: Pick<RunOutcome, "error" | "details">): Pick<RunOutcome, "error" | "details"> {
  const fields = Object.entries(details).map(([key, value]) => [key, redactDeep(value)]);
  return {
    error: error === null ? null : redact(error).slice(0, ERROR_CHARACTERS_MAX),
    details: Object.fromEntries(fields),
  };
}

/** The exit code of a process that made only this run. */
export function exitCodeOf({ status, exitCode }: RunRecord): number {
  if (status === "ok" || status === "skipped") return EXIT.ok;
  if (status === "timed-out") return EXIT.timedOut;
  if (status === "interrupted") return EXIT.temporary;
  const isPassedOn = exitCode === EXIT.temporary || exitCode === EXIT.configuration;
  return isPassedOn ? exitCode : EXIT.failed;
}
