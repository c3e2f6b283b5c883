import type { RunRecord } from "../contract/run-record.ts";
import { type RunOutcome, recordOf } from "./run-outcome.ts";
import { retry } from "./retry.ts";
import { alertEnd, alertStuck } from "./run-alert.ts";
import { isManual, type Run } from "./run.ts";
import { waitAtMost } from "./timer.ts";

/** Attempts to record the end of a run, so that a store that is briefly away loses none. */
const STORE_ATTEMPTS_MAX = 3;
const STORE_PAUSE_MS = 500;

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
  const isAccepted = await storeRecord(run, made);
  // A skipped run held no lease, so it cannot have lost one.
  const record = isAccepted || made.status === "skipped" ? made : lost(made);
  process.active.delete(start.runId);
  logRecord(run, record);
  for (const observe of process.observers) observe(record);
  await waitAtMost(sendAlerts(run, record, options), ALERT_WAIT_MS);
  return record;
}

/** Adds the input of a manual run to the details of its record. */
function withInput({ request: { input = {} } }: Run, outcome: RunOutcome): RunOutcome {
  if (Object.keys(input).length === 0) return outcome;
  return { ...outcome, details: { input, ...outcome.details } };
}

/** False when the store refuses the record because another process has taken the lease over. */
async function storeRecord({ process, log }: Run, record: RunRecord): Promise<boolean> {
  const policy = { attempts: STORE_ATTEMPTS_MAX, pauseMs: STORE_PAUSE_MS };
  try {
    return await retry(() => process.records.finish(record), policy);
  } catch (error) {
    log.error({ err: error }, "cannot record the end of the run: the state store failed");
    return true;
  }
}

function lost(record: RunRecord): RunRecord {
  const error = "another process took its lease before it ended, so its end was not recorded";
  return { ...record, status: "lost", error };
}

async function sendAlerts(
  run: Run,
  record: RunRecord,
  { isStuck, runningSince }: FinishOptions,
): Promise<void> {
  const { process, job } = run;
  const ended = { process, job, record };
  try {
    if (isStuck) {
      await alertStuck(ended, `${job.name} did not end when it had to, and may still be running`);
    }
    if (runningSince && wasDueBefore(run, runningSince)) {
      const since = runningSince.toISOString();
      await alertStuck(ended, `${job.name} has been running since ${since} and is due again`);
    }
    await alertEnd(ended);
  } catch (error) {
    run.log.error({ err: error }, "cannot send the alert of this run");
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
