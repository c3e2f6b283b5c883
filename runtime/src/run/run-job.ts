import type { RunRecord } from "../contract/run-record.ts";
import { parseInput } from "../jobs/catalog.ts";
import type { Lease, SlotLease } from "../state/leases.ts";
import { acquireLease, admit, tooLate } from "./admission.ts";
import { type Attempts, makeAttempts } from "./attempts.ts";
import { finishRun, retryStore } from "./finish-run.ts";
import { pingOf } from "./ping.ts";
import { aborted, failed, failureOf, RunAbort, skipped } from "./run-outcome.ts";
import { jobOf, planRun, type Run, type RunProcess, type RunRequest } from "./run.ts";

/**
 * One run of one job, from its admission to its record:
 * admission (latest start, toggles, slot) → concurrency policy → lease → attempts → record and alert.
 *
 * Every outcome is a record; nothing that happens to the run is thrown. It throws a
 * ConfigurationError when the job does not exist or does not accept the input.
 */
export async function runJob(process: RunProcess, asked: RunRequest): Promise<RunRecord> {
  const input = parseInput(jobOf(process, asked.job), asked.input);
  const run = planRun(process, { ...asked, input });
  let slot: SlotLease | undefined = run.request.slot;
  let record: RunRecord | undefined;
  try {
    const admission = await admit(run);
    if ("skip" in admission) {
      record = await finishRun(run, skipped(admission.skip));
    } else {
      slot ??= admission.slot;
      record = await runByPolicy(holding(admission.run, slot));
    }
  } catch (error) {
    record = await finishRun(run, failed(failureOf(error), 0));
  } finally {
    await settleSlot(run, slot, record);
  }
  return record;
}

/** The run with the fence of a lease that it holds; it is aborted when the lease is lost. */
function holding(run: Run, lease: Pick<Lease, "fence" | "lost"> | undefined): Run {
  if (!lease) return run;
  const signal = AbortSignal.any([run.signal, abortedByLoss(lease.lost)]);
  const fence = Math.max(run.start.fence, lease.fence);
  return { ...run, signal, start: { ...run.start, fence } };
}

function abortedByLoss(lost: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const abort = (): void => controller.abort(new RunAbort("lease-lost"));
  if (lost.aborted) abort();
  else lost.addEventListener("abort", abort, { once: true });
  return controller.signal;
}

/** Applies the concurrency policy to the runs of this process. */
async function runByPolicy(run: Run): Promise<RunRecord> {
  const { job, start, process, signal } = run;
  const entry = await process.concurrency.enter(job.overlap ?? "forbid", {
    ...start,
    signal,
    replace: run.replace,
  });
  if ("busy" in entry) {
    const { runId, startedAt } = entry.busy;
    const reason = entry.isQueueFull
      ? "it is running, and another run waits already"
      : "it is still running";
    const skip = { reason, runningRunId: runId, runningSince: startedAt };
    return finishRun(run, skipped(skip), { runningSince: new Date(startedAt) });
  }
  try {
    return await runWithLease(run);
  } finally {
    entry.leave();
  }
}

/** Acquires the lease that excludes other processes. */
async function runWithLease(run: Run): Promise<RunRecord> {
  if (run.signal.aborted) return finishRun(run, aborted(run.signal.reason, 0));
  const acquired = await acquireLease(run);
  if ("skip" in acquired) {
    if (run.signal.aborted) return finishRun(run, aborted(run.signal.reason, 0));
    return finishRun(run, skipped(acquired.skip), { runningSince: acquired.runningSince });
  }
  const { lease } = acquired;
  try {
    const late = tooLate(run);
    if (late) return await finishRun(run, skipped(late));
    return await work(holding(run, lease));
  } finally {
    await lease?.release().catch(noteUnreleased(run));
  }
}

async function work(run: Run): Promise<RunRecord> {
  const ping = pingOf(run);
  await recordStart(run);
  ping?.started();
  const { outcome, isStuck } = await makeAttempts(run).catch((error: unknown): Attempts => ({
    outcome: failed(failureOf(error), 0),
    isStuck: false,
  }));
  const record = await finishRun(run, outcome, { isStuck });
  ping?.ended(record);
  return record;
}

/** A run goes on when its start cannot be recorded: the log still has its end. */
async function recordStart({ process, request, start, log, cancel }: Run): Promise<void> {
  if (request.dryRun) return;
  process.active.set(start.runId, start);
  process.cancels.set(start.runId, cancel);
  try {
    await process.records.begin(start);
  } catch (error) {
    log.error({ err: error }, "cannot record the start of the run: the state store failed");
  }
}

/** Marks the slot as done, unless the run was cut off: then another process may claim it. */
async function settleSlot(
  run: Run,
  slot: SlotLease | undefined,
  record: RunRecord | undefined,
): Promise<void> {
  if (!slot) return;
  const isCutOff = record?.status === "interrupted" && record.details["cause"] !== "cancelled";
  const isDone = record && !isCutOff && record.status !== "lost";
  try {
    if (isDone) await retryStore(run.process, () => slot.finish());
    await slot.release();
  } catch (error) {
    noteUnreleased(run)(error);
  }
}

function noteUnreleased({ log }: Run): (error: unknown) => void {
  return (error) => log.warn({ err: error }, "cannot release a lease; it will expire");
}
