import type { ProcessContext, ProcessStores } from "../process.ts";

/** Who runs slots; whoever else starts a job does it for now and not for a slot. */
const SLOT_ACTORS = ["schedule", "catch-up"];

/** How many records are looked through: more runs by hand than that in a row are not expected. */
const RECORDS_MAX = 100;

/**
 * The newest slot of a job that some process has handled, well or not.
 *
 * Undefined when none is known: a job that never ran has missed nothing, and a store that does not
 * answer must not make every job run at each start.
 */
export async function lastSlot(
  { records, log }: Pick<ProcessContext & ProcessStores, "records" | "log">,
  job: string,
): Promise<Date | undefined> {
  try {
    const known = await records.list({ job, limit: RECORDS_MAX });
    const slots = known
      .filter(({ actor }) => SLOT_ACTORS.includes(actor))
      .map(({ scheduledFor }) => Date.parse(scheduledFor));
    return slots.length === 0 ? undefined : new Date(Math.max(...slots));
  } catch (error) {
    log.error({ err: error, job }, "missed slots are unknown: the records could not be read");
    return undefined;
  }
}
