import type { SlotLease } from "../state/coordination.ts";
import { nextRuns } from "../schedule/schedule.ts";
import { bindSchedule } from "../contract/bindings.ts";
import { lockRequest, storeAway } from "./lock.ts";
import type { Run } from "./run.ts";
import { type Skip, tooLate } from "./skip.ts";
import { latestSlot } from "./slot.ts";

/** A run may go on, with the slot that it claimed, or it has nothing to do. */
export type Admission = { readonly skip: Skip } | { readonly run: Run; readonly slot?: SlotLease };

/** Records that are looked through for an earlier run of the same slot. */
const EARLIER_RUNS_MAX = 50;

/** Decides before anything is locked or begun whether there is something to do. */
export async function admit(run: Run): Promise<Admission> {
  const late = tooLate(run);
  if (late) return { skip: late };
  const off = await switchedOff(run);
  if (off) return { skip: off };
  return isTick(run) ? admitTick(run) : { run };
}

async function switchedOff({ job, process }: Run): Promise<Skip | undefined> {
  for (const toggle of job.toggles ?? []) {
    const answer = await process.toggles.isOn(toggle);
    if (!answer.on) {
      return { reason: `the toggle ${toggle} is off: ${answer.reason}`, toggle };
    }
  }
  return undefined;
}

/** One of the ticks of a job that two crons start, of which only some hit a slot. */
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
  if (run.request.dryRun) return { run: due };
  try {
    return await claim(due, slot);
  } catch (error) {
    throw storeAway(error);
  }
}

/** Two ticks never run one slot: the claim decides, or without a store for claims the records. */
async function claim(run: Run, slot: Date): Promise<Admission> {
  const coordination = await run.process.lockStoreOf(run.job);
  const scheduledFor = slot.toISOString();
  if (coordination) {
    const claimed = await coordination.claimSlot(lockRequest(run), slot);
    if (claimed) return { run, slot: claimed };
    return { skip: { reason: "this slot was already taken by another run", slot: scheduledFor } };
  }
  const records = await run.process.records.list({ job: run.job.name, limit: EARLIER_RUNS_MAX });
  const begun = await run.process.records.unfinished();
  const earlier = [...begun, ...records.filter(({ status }) => status !== "skipped")].find(
    (it) => it.job === run.job.name && it.scheduledFor === scheduledFor,
  );
  if (!earlier) return { run };
  return {
    skip: {
      reason: "this slot was already run",
      slot: scheduledFor,
      earlierRunId: earlier.runId,
    },
  };
}
