import { EXIT } from "../contract/exit-code.ts";
import { JobFailure } from "../jobs/definition.ts";
import { redact, redactDeep } from "../redaction.ts";
import type { RunRecord, RunStart, RunStatus } from "../contract/run-record.ts";
import { ConfigurationError, problemLine } from "../contract/configuration-error.ts";
import { RunAbort } from "./run-abort.ts";
import type { Skip } from "./skip.ts";

/** What is kept of an error's text. */
const ERROR_CHARACTERS_MAX = 400;

/** How a run ended, before it is a record. */
export interface Ending {
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

/** What a thrown value says about a failure: a wrong configuration is never tried again. */
export function failureOf(error: unknown): Failure {
  if (error instanceof JobFailure) {
    const { message, exitCode, details } = error;
    return { message, exitCode, details };
  }
  if (error instanceof ConfigurationError) {
    const { message, problems } = error;
    // The text is cut, and each problem that is lost costs another run to find.
    const details = problems.length > 1 ? { problems: problems.map(problemLine) } : {};
    return { message, exitCode: EXIT.configuration, details };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { message: message || "unknown", exitCode: undefined, details: {} };
}

/** Nothing was tried. */
export function skipped(skip: Skip): Ending {
  return { status: "skipped", attempt: 0, exitCode: null, error: null, details: { ...skip } };
}

/** The last attempt failed. */
export function failed(failure: Failure, attempt: number): Ending {
  const { message, exitCode = null, details } = failure;
  return { status: "failed", attempt, exitCode, error: message, details };
}

/** It was ended before its time; `failure` is what the attempt said when it was. */
export function aborted(reason: unknown, attempt: number, failure?: Failure): Ending {
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

/** The record of a run that began so, ended so, and ends now. No secret is left in it. */
export function recordOf(start: RunStart, ending: Ending, now: Date): RunRecord {
  const { status, attempt, exitCode, error, details } = ending;
  return {
    ...start,
    status,
    durationMs: Math.max(0, now.getTime() - Date.parse(start.startedAt)),
    attempt,
    exitCode,
    error: error === null ? null : redact(error).slice(0, ERROR_CHARACTERS_MAX),
    details: redactFields(details),
  };
}

function redactFields(details: Ending["details"]): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(details).map(([key, value]) => [key, redactDeep(value)]),
  );
}

/** The exit code of a process that did this run and nothing else. */
export function exitCodeOf({ status, exitCode }: RunRecord): number {
  if (status === "ok" || status === "skipped") return EXIT.ok;
  if (status === "timed-out") return EXIT.timedOut;
  if (status === "interrupted") return EXIT.temporary;
  const isTold = exitCode === EXIT.temporary || exitCode === EXIT.configuration;
  return isTold ? exitCode : EXIT.failed;
}
