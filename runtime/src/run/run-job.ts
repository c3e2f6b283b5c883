import type { SlotLease } from "../state/coordination.ts";
import { parseInput } from "../jobs/catalog.ts";
import type { RunRecord } from "../contract/run-record.ts";
import { admit } from "./admission.ts";
import { type Attempts, makeAttempts } from "./attempts.ts";
import { conclude } from "./conclusion.ts";
import { aborted, failed, failureOf, skipped } from "./ending.ts";
import { takeLock } from "./lock.ts";
import { pingOf } from "./ping.ts";
import { abortedByLoss } from "./run-abort.ts";
import { jobOf, planRun, type Run, type RunProcess, type RunRequest } from "./run.ts";
import { tooLate } from "./skip.ts";

/**
 * One run of one job, from the question whether there is something to do to its record.
 *
 * It does not throw for anything that happens to the run: every outcome is a record. It throws a
 * ConfigurationError when there is no such job, or when it does not take the input.
 */
export async function runJob(process: RunProcess, asked: RunRequest): Promise<RunRecord> {
  const input = parseInput(jobOf(process, asked.job), asked.input);
  const request = { ...asked, input };
  const planned = planRun(process, request);
  let slot: SlotLease | undefined = request.slot;
  let record: RunRecord | undefined;
  try {
    const admission = await admit(planned);
    if ("skip" in admission) {
      record = await conclude(planned, { ending: skipped(admission.skip) });
    } else {
      slot ??= admission.slot;
      record = await passGate(underLease(admission.run, slot));
    }
  } catch (error) {
    record = await conclude(planned, { ending: failed(failureOf(error), 0) });
  } finally {
    await settleSlot(planned, slot, record);
  }
  return record;
}

/** The run as it goes on while it holds a lease: it ends when the lease is lost. */
function underLease(run: Run, lease: { fence: number; lost: AbortSignal } | undefined): Run {
  if (!lease) return run;
  const signal = AbortSignal.any([run.signal, abortedByLoss(lease.lost)]);
  const fence = Math.max(run.start.fence, lease.fence);
  return { ...run, signal, start: { ...run.start, fence } };
}

async function passGate(run: Run): Promise<RunRecord> {
  const { job, start, process, signal } = run;
  const policy = job.overlap ?? "forbid";
  const entry = await process.gate.enter(policy, { ...start, signal, replace: run.replace });
  if ("busy" in entry) {
    const { runId, startedAt } = entry.busy;
    const reason = entry.isQueueFull
      ? "it is running, and another run waits already"
      : "it is still running";
    const skip = { reason, runningRunId: runId, runningSince: startedAt };
    return conclude(run, { ending: skipped(skip), runningSince: new Date(startedAt) });
  }
  try {
    return await runAlone(run);
  } finally {
    entry.leave();
  }
}

async function runAlone(run: Run): Promise<RunRecord> {
  if (run.signal.aborted) return conclude(run, { ending: aborted(run.signal.reason, 0) });
  const lock = await takeLock(run);
  if ("skip" in lock) {
    if (run.signal.aborted) return conclude(run, { ending: aborted(run.signal.reason, 0) });
    const { skip, runningSince } = lock;
    return conclude(run, { ending: skipped(skip), ...(runningSince ? { runningSince } : {}) });
  }
  try {
    const late = tooLate(run);
    if (late) return await conclude(run, { ending: skipped(late) });
    return await runLeased(underLease(run, lock.lease));
  } finally {
    await lock.lease?.release().catch(noteLeftLease(run));
  }
}

async function runLeased(run: Run): Promise<RunRecord> {
  const ping = pingOf(run);
  await begin(run);
  ping?.started();
  const { ending, isStuck } = await attemptsOf(run);
  const record = await conclude(run, { ending, isStuck });
  ping?.ended(record);
  return record;
}

async function attemptsOf(run: Run): Promise<Attempts> {
  try {
    return await makeAttempts(run);
  } catch (error) {
    return { ending: failed(failureOf(error), 0), isStuck: false };
  }
}

/** A store that is away keeps no job from running: its end is a log line in any case. */
async function begin({ process, request, start, log }: Run): Promise<void> {
  if (request.dryRun) return;
  process.active.set(start.runId, start);
  try {
    await process.records.begin(start);
  } catch (error) {
    log.error({ err: error }, "the start of the run could not be recorded");
  }
}

/** A slot is done with its run, unless the run was cut off: then it is given to who asks next. */
async function settleSlot(
  run: Run,
  slot: SlotLease | undefined,
  record: RunRecord | undefined,
): Promise<void> {
  if (!slot) return;
  const isCutOff = record === undefined || record.status === "interrupted";
  try {
    if (!isCutOff && record.status !== "lost") await slot.finish();
    await slot.release();
  } catch (error) {
    noteLeftLease(run)(error);
  }
}

/** It expires by itself, so that this is no more than a delay for others. */
function noteLeftLease({ log }: Run): (error: unknown) => void {
  return (error) => log.warn({ err: error }, "a lease could not be given back");
}
