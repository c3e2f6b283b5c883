import { randomUUID } from "node:crypto";
import type { ManifestJob } from "../../contract/job.ts";
import { redact, redactDeep } from "../../redaction.ts";
import { alertEnd, type AlertProcess } from "../alert.ts";
import type { ProcessContext, ProcessRuns } from "../process.ts";
import type { RunRecord, RunStart, RunStatus } from "../../contract/run-record.ts";

/** What is kept of the error's text of an app. */
const ERROR_CHARACTERS_MAX = 400;

/** What recording a run of the app uses. */
export type AppRunProcess = AlertProcess & ProcessRuns;

/** How a run of the app's own ended. */
export interface AppRunEnd {
  readonly status: RunStatus;
  readonly durationMs: number;
  /** How often the app tried; 1 without it. */
  readonly attempt?: number | undefined;
  readonly error?: string | null | undefined;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

/** The jobs that the app itself runs, and whose runs are only watched. */
export function appJobs({ manifest }: Pick<ProcessContext, "manifest">): ManifestJob[] {
  return manifest.jobs.filter(({ startedBy }) => startedBy === "app");
}

/** A run that the app began at this moment. */
export function appRunStart(
  process: ProcessContext,
  job: string,
  { startedAt, runId = randomUUID() }: { readonly startedAt: Date; readonly runId?: string },
): RunStart {
  return {
    job,
    runId,
    scheduledFor: startedAt.toISOString(),
    startedAt: startedAt.toISOString(),
    actor: "app",
    host: process.host,
    commit: process.commit,
    fence: 0,
  };
}

/** Records the end of a run of the app and tells of it as of any job's. It does not throw. */
export async function endAppRun(
  process: AppRunProcess,
  start: RunStart,
  { status, durationMs, attempt = 1, error = null, details = {} }: AppRunEnd,
): Promise<RunRecord> {
  const record: RunRecord = {
    ...start,
    status,
    durationMs,
    attempt,
    exitCode: null,
    error: error === null ? null : redact(error).slice(0, ERROR_CHARACTERS_MAX),
    details: Object.fromEntries(
      Object.entries(details).map(([key, value]) => [key, redactDeep(value)]),
    ),
  };
  const log = process.log.child({ job: start.job, runId: start.runId });
  try {
    await process.records.finish(record);
  } catch (cause) {
    log.error({ err: cause }, "the end of a run of the app could not be recorded");
  }
  for (const observe of process.observers) observe(record);
  log[status === "ok" || status === "skipped" ? "info" : "error"]({ ...record }, "run");
  await alert(process, record);
  return record;
}

async function alert(process: AppRunProcess, record: RunRecord): Promise<void> {
  const job = process.manifest.jobs.find(({ name }) => name === record.job);
  if (!job) return;
  try {
    await alertEnd({ process, job, record });
  } catch (cause) {
    process.log.error({ err: cause, job: job.name }, "the alert of this run could not be made");
  }
}
