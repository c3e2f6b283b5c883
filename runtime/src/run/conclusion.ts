import type { RunRecord } from "../contract/run-record.ts";
import { alertEnd, alertStuck } from "./alert.ts";
import { type Ending, recordOf } from "./ending.ts";
import { retry } from "./retry.ts";
import { isManual, type Run } from "./run.ts";
import { waitAtMost } from "./timer.ts";

/** A store that is away for a moment should not lose the end of a run. */
const STORE_ATTEMPTS_MAX = 3;
const STORE_PAUSE_MS = 500;

/** A run does not wait longer for its alert to be sent. */
const ALERT_WAIT_MS = 10_000;

/** How a run ended, and what else should be told of it. */
interface Conclusion {
  readonly ending: Ending;
  /** The work may still go on, although it had to end. */
  readonly isStuck?: boolean;
  /** The run that was in the way has been running since then. */
  readonly runningSince?: Date;
}

/** Records the end of a run, tells who must be told, and says it in one line. It does not throw. */
export async function conclude(run: Run, conclusion: Conclusion): Promise<RunRecord> {
  const { process, start } = run;
  const made = recordOf(start, withInput(run, conclusion.ending), process.clock.now());
  if (run.request.dryRun) {
    const record = { ...made, details: { ...made.details, dryRun: true } };
    logRecord(run, record);
    return record;
  }
  const isRefused = !(await isTaken(run, made));
  // What was skipped held no lease that it could lose: the store only has a better record of the slot.
  const record = isRefused && made.status !== "skipped" ? lost(made) : made;
  process.active.delete(start.runId);
  logRecord(run, record);
  for (const observe of process.observers) observe(record);
  await waitAtMost(alert(run, record, conclusion), ALERT_WAIT_MS);
  return record;
}

/** What was said by hand belongs to what happened. */
function withInput({ request: { input = {} } }: Run, ending: Ending): Ending {
  if (Object.keys(input).length === 0) return ending;
  return { ...ending, details: { input, ...ending.details } };
}

/** Whether the store took the record; it refuses the end of a run whose lease was passed on. */
async function isTaken({ process, log }: Run, record: RunRecord): Promise<boolean> {
  const policy = { attempts: STORE_ATTEMPTS_MAX, pauseMs: STORE_PAUSE_MS };
  try {
    return await retry(() => process.records.finish(record), policy);
  } catch (error) {
    log.error({ err: error }, "the end of the run could not be recorded");
    return true;
  }
}

function lost(record: RunRecord): RunRecord {
  const error = "its lease was passed on before it ended, so its end was not recorded";
  return { ...record, status: "lost", error };
}

async function alert(run: Run, record: RunRecord, conclusion: Conclusion): Promise<void> {
  const { process, job } = run;
  const ended = { process, job, record };
  try {
    if (conclusion.isStuck) {
      await alertStuck(ended, `${job.name} did not end when it had to, and may still be running`);
    }
    if (conclusion.runningSince && wasDueBefore(run, conclusion.runningSince)) {
      const since = conclusion.runningSince.toISOString();
      await alertStuck(ended, `${job.name} has been running since ${since} and is due again`);
    }
    await alertEnd(ended);
  } catch (error) {
    run.log.error({ err: error }, "the alert of this run could not be made");
  }
}

/** A run that began before this slot is late; one that began with it is only the other of two. */
function wasDueBefore({ request, scheduledFor }: Run, since: Date): boolean {
  return !isManual(request) && since < scheduledFor;
}

/** The one line of each run. */
function logRecord({ log, process }: Run, record: RunRecord): void {
  const { job: _, ...fields } = record;
  const level = LEVELS[record.status];
  log[level]({ process: process.manifest.process, ...fields }, "run");
}

const LEVELS = {
  ok: "info",
  skipped: "info",
  interrupted: "warn",
  failed: "error",
  "timed-out": "error",
  lost: "error",
} as const;
