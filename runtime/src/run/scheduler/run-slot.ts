import type { RunProcess } from "../run.ts";
import { setTimeout as sleep } from "node:timers/promises";
import type { ManifestJob } from "../../contract/job.ts";
import type { SlotLease } from "../../state/coordination.ts";
import { lockRequest } from "../lock.ts";
import { runJob } from "../run-job.ts";
import type { DueSlot } from "./plan.ts";

/**
 * Most times that one slot is asked for, each a TTL after the last: a holder that vanished has lost
 * it by then, and a job of every year must not be asked for all year.
 */
const ASKS_MAX = 120;

/** A slot, and how long it is worth asking for. */
export interface SlotRequest {
  readonly due: DueSlot;
  /** The next slot: from then on this one is late beyond help. */
  readonly until: Date | undefined;
  readonly signal: AbortSignal;
}

/**
 * Runs a slot unless another process does.
 *
 * One that another process holds is asked for again: if its holder vanishes before it is done, the
 * slot is given to us. While the store is away nothing runs, because nobody knows who else would.
 */
export async function runSlot(
  process: RunProcess,
  job: ManifestJob,
  request: SlotRequest,
): Promise<void> {
  const { slot, actor } = request.due;
  const run = { job: job.name, actor, scheduledFor: slot };
  if (!process.coordination || actor === "start") {
    await runJob(process, run);
    return;
  }
  const lease = await claim(process, job, request);
  if (lease) await runJob(process, { ...run, slot: lease });
}

async function claim(
  process: RunProcess,
  job: ManifestJob,
  { due: { slot }, until, signal }: SlotRequest,
): Promise<SlotLease | undefined> {
  const { coordination, clock, log } = process;
  const lease = lockRequest({ job, process });
  let wasAway = false;
  for (let asked = 0; asked < ASKS_MAX && !signal.aborted; asked++) {
    try {
      const claimed = await coordination?.claimSlot(lease, slot);
      if (claimed) return claimed;
    } catch (error) {
      const fields = { err: error, job: job.name, slot: slot.toISOString() };
      if (!wasAway) log.error(fields, "the slot cannot be claimed: the store is away");
      wasAway = true;
    }
    if (until !== undefined && clock.now() >= until) break;
    await sleep(lease.ttlMs, undefined, { signal }).catch(() => undefined);
  }
  return undefined;
}
