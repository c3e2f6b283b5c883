import { aborted, recordOf } from "../run/ending.ts";
import type { ProcessContext, ProcessRuns, ProcessStores } from "../run/process.ts";
import { RunAbort } from "../run/run-abort.ts";

/** Records the runs that did not end in the time that the platform gives: what follows is its SIGKILL. */
export async function recordLeftRuns(
  process: ProcessContext & ProcessStores & ProcessRuns,
): Promise<void> {
  for (const start of process.active.values()) {
    const record = recordOf(start, aborted(new RunAbort("stopped"), 1), process.clock.now());
    process.log.warn({ ...record }, "run");
    await process.records.finish(record).catch((error: unknown) => {
      process.log.error(
        { err: error, runId: start.runId },
        "the end of the run could not be recorded",
      );
    });
  }
}
