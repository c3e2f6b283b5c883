import { bindSchedule } from "../contract/bindings.ts";
import { EXIT } from "../contract/exit-code.ts";
import { stackNamespace } from "../contract/manifest.ts";
import { JobFailure } from "../jobs/definition.ts";
import { nextRuns } from "../schedule/schedule.ts";
import type { LeaseStore, Lease, LeaseRequest, SlotLease } from "../state/leases.ts";
import type { Skip } from "./run-outcome.ts";
import { isManual, type Run } from "./run.ts";
import { latestSlot } from "./slots.ts";
import { timeLimit } from "./timer.ts";

/** Default time to live of a job's lease: after a crash of its holder, another process waits this long. */
const TTL_SECONDS = 30;

/** Longest wait of a queued run: Render's longest run. @see https://render.com/docs/cronjobs */
const QUEUE_WAIT_MS_MAX = 12 * 3_600_000;

/** The run may go on, with the slot that it claimed, or it is skipped. */
export type Admission = { readonly skip: Skip } | { readonly run: Run; readonly slot?: SlotLease };

/** Checks latest start, toggles and slot, before the run starts or acquires anything else. */
export async function admit(run: Run): Promise<Admission> {
  const skip = tooLate(run) ?? (await switchedOff(run));
  if (skip) return { skip };
  return isTick(run) ? admitTick(run) : { run };
}

/** Skips a run that can no longer start in time for its slot. */
export function tooLate({ job, process, request, scheduledFor }: Run): Skip | undefined {
  if (job.latestStartSeconds === undefined || isManual(request)) return undefined;
  const lateSeconds = (process.clock.now().getTime() - scheduledFor.getTime()) / 1000;
  if (lateSeconds <= job.latestStartSeconds) return undefined;
  const reason = `it could not start within ${job.latestStartSeconds} s of its slot`;
  return { reason, lateSeconds: Math.round(lateSeconds) };
}

async function switchedOff({ job, process }: Run): Promise<Skip | undefined> {
  for (const toggle of job.toggles ?? []) {
    const { on, reason } = await process.toggles.isOn(toggle);
    if (!on) return { reason: `the toggle ${toggle} is off: ${reason}`, toggle };
  }
  return undefined;
}

/** Whether this is a tick of a job that two crons start: only some ticks belong to a slot. */
function isTick({ job, request }: Run): boolean {
  return (
    job.slotToleranceSeconds !== undefined &&
    job.schedule !== undefined &&
    request.actor === "schedule" &&
    request.scheduledFor === undefined
  );
}

async function admitTick(run: Run): Promise<Admission> {
  const { job, process } = run;
  const { schedule, slotToleranceSeconds: tolerance = 0 } = job;
  if (!schedule) return { run };
  const bound = bindSchedule({ name: job.name, schedule }, process.env);
  const now = process.clock.now();
  const slot = latestSlot(bound, now, tolerance * 1000);
  if (!slot) {
    const [next] = nextRuns(bound, now, 1);
    const reason = `no slot of its schedule lies within the last ${tolerance} s, so this cron is the other one`;
    return { skip: { reason, nextSlot: next?.toISOString() ?? null, timezone: bound.timezone } };
  }
  const scheduledFor = slot.toISOString();
  const due: Run = { ...run, scheduledFor: slot, start: { ...run.start, scheduledFor } };
  return run.request.dryRun ? { run: due } : await claimSlot(due, slot).catch(storeAway);
}

/** Two ticks never run one slot. Without a lease store, the run records decide. */
async function claimSlot(run: Run, slot: Date): Promise<Admission> {
  const { job, process } = run;
  const coordination = await process.lockStoreOf(job);
  const scheduledFor = slot.toISOString();
  if (coordination) {
    const claimed = await coordination.claimSlot(leaseRequest(run), slot);
    if (claimed) return { run, slot: claimed };
    return { skip: { reason: "this slot was already taken by another run", slot: scheduledFor } };
  }
  const earlier = await process.records.ofSlot(job.name, slot);
  if (!earlier) return { run };
  const reason = "this slot was already run";
  return { skip: { reason, slot: scheduledFor, earlierRunId: earlier.runId } };
}

/** The acquired lease (undefined when the job needs none), or why the run is skipped. */
export type Acquired =
  | { readonly lease: Lease | undefined }
  | { readonly skip: Skip; readonly runningSince: Date | undefined };

/** The request for a job's lease; its name is unique to the stack within a shared store. */
export function leaseRequest({ job, process }: Pick<Run, "job" | "process">): LeaseRequest {
  const ttlSeconds = job.lock?.ttlSeconds ?? TTL_SECONDS;
  const name = `${stackNamespace(process.manifest)}/${job.name}`;
  return { name, holder: process.holder, ttlMs: ttlSeconds * 1000 };
}

/**
 * Acquires the lease that keeps other processes from running the job at the same time.
 *
 * When the store does not answer, the run fails as temporary: no job runs without its lease.
 */
export async function acquireLease(run: Run): Promise<Acquired> {
  const { job, process } = run;
  if (run.request.dryRun || (job.overlap === "allow" && !job.lock)) return { lease: undefined };
  try {
    const coordination = await process.lockStoreOf(job);
    if (!coordination) return { lease: undefined };
    const lease =
      job.overlap === "queue"
        ? await waitForLease(run, coordination)
        : await coordination.acquire(leaseRequest(run));
    return lease ? { lease } : await heldElsewhere(run, coordination);
  } catch (error) {
    return storeAway(error);
  }
}

function storeAway(cause: unknown): never {
  throw new JobFailure("the store of its lock did not answer, and nothing runs unlocked", {
    exitCode: EXIT.temporary,
    cause,
  });
}

/** Undefined when the wait ends before the lease is free. */
async function waitForLease(run: Run, coordination: LeaseStore): Promise<Lease | undefined> {
  const signal = AbortSignal.any([run.signal, timeLimit(queueWaitMs(run))]);
  try {
    return await coordination.waitFor(leaseRequest(run), signal);
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

/** Until the job's latest start, if it has one. */
function queueWaitMs({ job, process, request, scheduledFor }: Run): number {
  if (job.latestStartSeconds === undefined || isManual(request)) return QUEUE_WAIT_MS_MAX;
  const latestMs = scheduledFor.getTime() + job.latestStartSeconds * 1000;
  return Math.min(Math.max(latestMs - process.clock.now().getTime(), 0), QUEUE_WAIT_MS_MAX);
}

async function heldElsewhere(run: Run, coordination: LeaseStore): Promise<Acquired> {
  const holder = await coordination.holderOf(leaseRequest(run).name);
  const runningSince = holder && new Date(holder.sinceMs);
  const skip = {
    reason: "it is running in another process",
    holder: holder?.holder ?? null,
    runningSince: runningSince?.toISOString() ?? null,
    ...tooLate(run),
  };
  return { skip, runningSince };
}
