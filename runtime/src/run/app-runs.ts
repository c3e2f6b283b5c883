import type { ManifestJob } from "../contract/job.ts";
import { redactedTexts } from "./run-outcome.ts";
import { storeEnd } from "./finish-run.ts";
import { type AlertProcess, endEvents, sendStored } from "./run-alert.ts";
import { randomUuid } from "./uuid.ts";
import type { ProcessContext, ProcessRuns } from "./process.ts";
import type { RunRecord, RunStart, RunStatus } from "../contract/run-record.ts";

/** What recording a run of the app uses. */
export type AppRunProcess = AlertProcess & ProcessRuns;

/** How a run of the app ended. */
export interface AppRunEnd {
  readonly status: RunStatus;
  readonly durationMs: number;
  /** Attempts that the app made; 1 by default. */
  readonly attempt?: number | undefined;
  readonly error?: string | null | undefined;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

/** The jobs that the app runs itself; the runtime only records their runs. */
export function appJobs({ manifest }: Pick<ProcessContext, "manifest">): ManifestJob[] {
  return manifest.jobs.filter(({ startedBy }) => startedBy === "app");
}

/** The start of a run of the app. */
export function appRunStart(
  process: ProcessContext,
  job: string,
  { startedAt, runId = randomUuid() }: { readonly startedAt: Date; readonly runId?: string },
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

/** Records the end of a run of the app, logs it and sends its alert. It does not throw. */
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
    ...redactedTexts({ error, details }),
  };
  const log = process.log.child({ job: start.job, runId: start.runId });
  const job = process.manifest.jobs.find(({ name }) => name === record.job);
  const events = job ? await endEvents({ process, job, record }) : [];
  let areStored = false;
  try {
    areStored = (await storeEnd(process, record, events)).areAlertsStored;
  } catch (cause) {
    log.error({ err: cause }, "cannot record the end of a run of the app: the state store failed");
  }
  for (const observe of process.observers) observe(record);
  log[status === "ok" || status === "skipped" ? "info" : "error"]({ ...record }, "run");
  await sendStored(process, record, { events, areStored });
  return record;
}
