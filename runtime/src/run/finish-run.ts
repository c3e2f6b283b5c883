import type { AlertEvent } from "../contract/alert-event.ts";
import type { RunRecord } from "../contract/run-record.ts";
import { StoreError } from "../databases/sql-database.ts";
import { type RunOutcome, recordOf } from "./run-outcome.ts";
import type { ProcessRuns } from "./process.ts";
import { retry } from "./retry.ts";
import {
  type AlertProcess,
  endEvents,
  sendStored,
  setStoreAlert,
  stuckEvent,
} from "./run-alert.ts";
import { isManual, type Run } from "./run.ts";
import { waitAtMost } from "./timer.ts";

/**
 * Time in which a store that is away may come back, in ms, so that a run is recorded as it ended. A
 * lease with the default TTL of 30 s lasts longer, so no other process runs the slot meanwhile.
 */
const STORE_BUDGET_MS = 20_000;

/** The same time in a process that must stop, in ms. */
const STOPPED_BUDGET_MS = 2_000;

/** Pause before the second attempt, and the longest pause, in ms. */
const STORE_PAUSE_MS = 500;
const STORE_PAUSE_MS_MAX = 2_000;

/** Longest time that a run waits for the delivery of its alert. */
const ALERT_WAIT_MS = 10_000;

/** What the alerts of a run need beside its outcome. */
interface FinishOptions {
  /** The work may still go on, although the run was aborted. */
  readonly isStuck?: boolean;
  /** Start of the run that kept this one from starting. */
  readonly runningSince?: Date | undefined;
}

/** Records the end of a run, logs it in one line and sends its alert. It does not throw. */
export async function finishRun(
  run: Run,
  outcome: RunOutcome,
  options: FinishOptions = {},
): Promise<RunRecord> {
  const { process, start } = run;
  const made = recordOf(start, withInput(run, outcome), process.clock.now());
  if (run.request.dryRun) {
    const record = { ...made, details: { ...made.details, dryRun: true } };
    logRecord(run, record);
    return record;
  }
  const events = await eventsOf(run, made, options);
  const { isAccepted, areAlertsStored: areStored, sending } = await storeRecord(run, made, events);
  // A skipped run held no lease, so it cannot have lost one.
  const record = isAccepted || made.status === "skipped" ? made : lost(made);
  process.active.delete(start.runId);
  process.cancels.delete(start.runId);
  logRecord(run, record);
  for (const observe of process.observers) observe(record);
  const due = record === made ? events : await eventsOf(run, record, options);
  const sent = sending ?? sendStored(process, record, { events: due, areStored });
  await waitAtMost(sent, ALERT_WAIT_MS);
  return record;
}

/** Adds the input of a manual run to the details of its record. */
function withInput({ request: { input = {} } }: Run, outcome: RunOutcome): RunOutcome {
  if (Object.keys(input).length === 0) return outcome;
  return { ...outcome, details: { input, ...outcome.details } };
}

/**
 * Stores a record with its alerts. The alerts do not wait for a store that is away: after the first
 * failure they are sent. A record that cannot be stored counts as accepted.
 */
async function storeRecord(
  { process, log }: Run,
  record: RunRecord,
  events: readonly AlertEvent[],
): Promise<StoredEnd & { readonly sending?: Promise<void> | undefined }> {
  let sending: Promise<void> | undefined;
  const sendNow = (): void => {
    if (events.length > 0) sending ??= sendStored(process, record, { events, areStored: false });
  };
  try {
    const store = () => storeEnd(process, record, sending ? [] : events);
    const end = await retryStore(process, store, sendNow);
    inBackground(process, setStoreAlert(process));
    return { ...end, sending };
  } catch (error) {
    if (error instanceof StoreError) inBackground(process, setStoreAlert(process, error));
    log.error({ err: error }, "cannot record the end of the run: the state store failed");
    return { isAccepted: true, areAlertsStored: false, sending };
  }
}

/** The process waits for the work before it exits, and the run does not. The work is an alert. */
function inBackground({ background, log }: Run["process"], work: Promise<void>): void {
  const safe = work.catch((error: unknown) => {
    log.error({ err: error }, "cannot send the alert about the state store");
  });
  background.add(safe);
  void safe.finally(() => background.delete(safe));
}

/** Retries what is stored at the end of a run while the store is away. */
export async function retryStore<T>(
  { stop }: Pick<ProcessRuns, "stop">,
  write: () => Promise<T>,
  onRetry: () => void = () => {},
): Promise<T> {
  const startMs = performance.now();
  return await retry(write, {
    budgetMs: STORE_BUDGET_MS,
    pauseMs: STORE_PAUSE_MS,
    pauseMsMax: STORE_PAUSE_MS_MAX,
    onRetry,
    isTemporary: () => !stop.signal.aborted || performance.now() - startMs < STOPPED_BUDGET_MS,
  });
}

/** What storing an end with its alerts leaves to send. */
export interface StoredEnd {
  /** False when the store refuses the record, because of a later lease. */
  readonly isAccepted: boolean;
  /** Any process of the stack can deliver the alerts now. */
  readonly areAlertsStored: boolean;
}

/** Stores the end of a run and its alerts in one transaction. `sendStored` comes next. */
export async function storeEnd(
  { records, alerts }: Pick<AlertProcess, "records" | "alerts">,
  record: RunRecord,
  events: readonly AlertEvent[],
): Promise<StoredEnd> {
  const stored = await alerts.toStore(record.runId, events);
  const isAccepted = await records.finish(record, stored);
  return { isAccepted, areAlertsStored: isAccepted && stored.length > 0 };
}

function lost(record: RunRecord): RunRecord {
  const error = "another process took its lease before it ended, so its end was not recorded";
  return { ...record, status: "lost", error };
}

async function eventsOf(
  run: Run,
  record: RunRecord,
  { isStuck, runningSince }: FinishOptions,
): Promise<AlertEvent[]> {
  const { process, job } = run;
  const ended = { process, job, record };
  const since = runningSince?.toISOString();
  const isDueAgain = runningSince !== undefined && wasDueBefore(run, runningSince);
  try {
    return [
      ...(isStuck
        ? stuckEvent(ended, `${job.name} did not end when it had to, and may still be running`)
        : []),
      ...(isDueAgain
        ? stuckEvent(ended, `${job.name} has been running since ${since} and is due again`)
        : []),
      ...(await endEvents(ended)),
    ];
  } catch (error) {
    run.log.error({ err: error }, "cannot decide on the alerts of this run");
    return [];
  }
}

/** A run that started before this slot is stuck; one that started with the slot runs in another process. */
function wasDueBefore({ request, scheduledFor }: Run, since: Date): boolean {
  return !isManual(request) && since < scheduledFor;
}

function logRecord({ log, process }: Run, record: RunRecord): void {
  const { job: _, ...fields } = record;
  log[LEVELS[record.status]]({ process: process.manifest.process, ...fields }, "run");
}

const LEVELS = {
  ok: "info",
  skipped: "info",
  interrupted: "warn",
  failed: "error",
  "timed-out": "error",
  lost: "error",
} as const;
