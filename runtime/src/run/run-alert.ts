import { statefulAlerts } from "../alerts/stateful-alert.ts";
import type { StoreError } from "../databases/sql-database.ts";
import { stateDatabase } from "../contract/store.ts";
import { type AlertEvent, storedId } from "../contract/alert-event.ts";
import type { ManifestJob } from "../contract/job.ts";
import type { RunRecord, RunStatus } from "../contract/run-record.ts";
import type { ProcessContext, ProcessServices, ProcessStores } from "./process.ts";

/** Records that are searched for consecutive failures. */
const RECORDS_MAX = 100;

/** Outcomes that count as failures; interrupted and skipped do not. */
const FAILURES: ReadonlySet<RunStatus> = new Set(["failed", "timed-out", "lost"]);

/** What sending an alert of a run uses. */
export type AlertProcess = ProcessContext &
  Pick<ProcessStores, "records"> &
  Pick<ProcessServices, "alerts">;

/** A run that ended, and its job. */
interface EndedRun {
  readonly process: AlertProcess;
  readonly job: ManifestJob;
  readonly record: RunRecord;
}

/** Sends the alerts of a run, whether they are stored or not. */
export async function sendStored(
  { alerts }: Pick<AlertProcess, "alerts">,
  { runId }: RunRecord,
  { events, areStored }: { readonly events: readonly AlertEvent[]; readonly areStored: boolean },
): Promise<void> {
  const idOf = (event: AlertEvent) => (areStored ? storedId(runId, event) : undefined);
  await Promise.all(events.map((it) => alerts.send(it, idOf(it))));
}

/** The alert of a run that does not end, or that still runs when the job is due again. */
export function stuckEvent(ended: EndedRun, title: string): AlertEvent[] {
  return ended.job.alerts?.on.includes("stuck") ? [eventOf(ended, "stuck", title)] : [];
}

/** The alert of a run that failed, or that succeeded after failures, as the job's alerts ask. */
export async function endEvents(ended: EndedRun): Promise<AlertEvent[]> {
  const event = await endEvent(ended);
  return event ? [event] : [];
}

/** Stores that took the last record, so that a store that is well costs no query a run. */
const wellStores = new WeakSet<object>();

/**
 * Sets the alert about a store that takes no run records: a full disk must not look like an outage of
 * the job. The first success of a process resolves what an earlier one reported.
 */
export async function setStoreAlert(process: AlertProcess, error?: StoreError): Promise<void> {
  const { stack, process: name } = process.manifest;
  const what = `${stack}: ${name}`;
  const key = `${name}/store`;
  if (error) {
    wellStores.delete(process.records);
    const title = `${what} cannot record its runs. ${error.message}`;
    await statefulAlerts(process).set(key, { raised: { kind: "fail", title, details: {} } });
  } else if (!wellStores.has(process.records)) {
    wellStores.add(process.records);
    const title = `${what} records its runs again`;
    await statefulAlerts(process).set(key, { resolved: { kind: "resolved", title, details: {} } });
  }
}

async function endEvent(ended: EndedRun): Promise<AlertEvent | undefined> {
  const { process, job, record } = ended;
  const { on = [], after = 1 } = job.alerts ?? {};
  const isFailure = FAILURES.has(record.status);
  if (!isFailure && record.status !== "ok") return undefined;
  if (!on.includes(isFailure ? "fail" : "recovered")) return undefined;
  const failuresBefore = await failuresInARow(process, record);
  const canCount = failuresBefore !== undefined && hasRecords(process, job);
  const where = `${process.manifest.stack}: ${job.name}`;
  if (isFailure) {
    const count = (failuresBefore ?? 0) + 1;
    if (count < after && canCount) return undefined;
    const often = count > 1 ? `, ${count} times in a row` : "";
    const why = record.error?.split("\n", 1).join("") ?? record.status;
    return eventOf(ended, "fail", `${where} ${wordOf(record.status)}${often}: ${why}`);
  }
  if (failuresBefore === undefined || failuresBefore < after) return undefined;
  return eventOf(ended, "recovered", `${where} runs again after ${failuresBefore} failure(s)`);
}

function wordOf(status: RunStatus): string {
  return status === "timed-out" ? "timed out" : status === "lost" ? "was lost" : status;
}

/** Without a record store, each run of a cron job is the first that it knows, and `after` cannot be counted. */
function hasRecords({ manifest }: ProcessContext, job: ManifestJob): boolean {
  return stateDatabase(manifest.stores) !== undefined || job.startedBy !== "process";
}

/** Undefined when the records cannot be read: the first failure then sends an alert. */
async function failuresInARow(
  process: AlertProcess,
  record: RunRecord,
): Promise<number | undefined> {
  const records = await recordsOf(process, record.job);
  if (!records) return undefined;
  let count = 0;
  for (const { runId, status } of records) {
    if (runId === record.runId) continue;
    if (status === "ok") return count;
    if (FAILURES.has(status)) count += 1;
  }
  return count;
}

async function recordsOf(
  { records, log }: AlertProcess,
  job: string,
): Promise<readonly RunRecord[] | undefined> {
  try {
    return await records.list({ job, limit: RECORDS_MAX });
  } catch (error) {
    log.warn(
      { err: error, job },
      "cannot count failures: the state store failed. This failure sends an alert",
    );
    return undefined;
  }
}

function eventOf(
  { process, job, record }: EndedRun,
  kind: AlertEvent["kind"],
  title: string,
): AlertEvent {
  const { system, stack, process: name } = process.manifest;
  const { runId, scheduledFor, status, attempt, exitCode, durationMs, error } = record;
  return {
    // A recovery has the key of the failure, so that it resolves that alert.
    key: `${stack}/${job.name}/${kind === "recovered" ? "fail" : kind}`,
    kind,
    system,
    stack,
    process: name,
    job: job.name,
    title,
    details: { runId, scheduledFor, status, attempt, exitCode, durationMs, error },
    at: process.clock.now().toISOString(),
  };
}
