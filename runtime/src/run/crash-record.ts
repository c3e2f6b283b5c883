import { failed, failureOf, recordOf } from "./ending.ts";
import type { ProcessContext, ProcessRuns, ProcessStores } from "./process.ts";

/** Records the runs that a crash of this process cuts off, and ends what they started. */
export async function recordCrash(
  process: ProcessContext & ProcessStores & ProcessRuns,
  error: unknown,
): Promise<void> {
  const { message } = failureOf(error);
  const ending = failed({ message: `crash: ${message}`, exitCode: undefined, details: {} }, 1);
  for (const start of process.active.values()) {
    const record = recordOf(start, ending, process.clock.now());
    process.log.error({ ...record }, "run");
    await process.records.finish(record);
  }
  // Only now: a run that is told to end would be recorded as interrupted.
  process.stop.abort();
}
