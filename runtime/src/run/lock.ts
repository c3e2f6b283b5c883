import type { Coordination, Lease, LeaseRequest } from "../state/coordination.ts";
import { EXIT } from "../contract/exit-code.ts";
import { JobFailure } from "../jobs/definition.ts";
import { stackNamespace } from "../contract/manifest.ts";
import { isManual, type Run } from "./run.ts";
import { type Skip, tooLate } from "./skip.ts";

/** A holder that was killed loses the job after so long, unless the job says otherwise. */
const TTL_SECONDS = 30;

/** A queued run does not wait longer than Render's longest run. @see https://render.com/docs/cronjobs */
const QUEUE_WAIT_MS_MAX = 12 * 3_600_000;

/** The lease under which a run goes on (undefined when the job needs none), or who has it. */
export type Lock =
  | { readonly lease: Lease | undefined }
  | { readonly skip: Skip; readonly runningSince: Date | undefined };

/** How a run asks for its job's lease, by a name that other stacks in the same store do not use. */
export function lockRequest({ job, process }: Pick<Run, "job" | "process">): LeaseRequest {
  const ttlSeconds = job.lock?.ttlSeconds ?? TTL_SECONDS;
  const name = `${stackNamespace(process.manifest)}/${job.name}`;
  return { name, holder: process.holder, ttlMs: ttlSeconds * 1000 };
}

/**
 * Takes the lock that keeps other processes from running the job at the same time.
 *
 * A store that does not answer fails the run as temporary: nobody runs unlocked because it was away.
 */
export async function takeLock(run: Run): Promise<Lock> {
  const { job, process } = run;
  if (run.request.dryRun || (job.overlap === "allow" && !job.lock)) return { lease: undefined };
  try {
    const coordination = await process.lockStoreOf(job);
    if (!coordination) return { lease: undefined };
    const lease =
      job.overlap === "queue"
        ? await waitForLease(run, coordination)
        : await coordination.acquire(lockRequest(run));
    return lease ? { lease } : await heldElsewhere(run, coordination);
  } catch (error) {
    throw storeAway(error);
  }
}

/** A store that does not answer may do so later; until then it cannot say that nobody else runs. */
export function storeAway(cause: unknown): JobFailure {
  return new JobFailure("the store of its lock did not answer, and nothing runs unlocked", {
    exitCode: EXIT.temporary,
    cause,
  });
}

/** The lease when it is free, or undefined when the run need not begin any more. */
async function waitForLease(run: Run, coordination: Coordination): Promise<Lease | undefined> {
  const signal = AbortSignal.any([run.signal, AbortSignal.timeout(waitMs(run))]);
  try {
    return await coordination.waitFor(lockRequest(run), signal);
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

/** Until its latest start, where it has one. */
function waitMs({ job, process, request, scheduledFor }: Run): number {
  if (job.latestStartSeconds === undefined || isManual(request)) return QUEUE_WAIT_MS_MAX;
  const latestMs = scheduledFor.getTime() + job.latestStartSeconds * 1000;
  return Math.min(Math.max(latestMs - process.clock.now().getTime(), 0), QUEUE_WAIT_MS_MAX);
}

async function heldElsewhere(run: Run, coordination: Coordination): Promise<Lock> {
  const holder = await coordination.holderOf(lockRequest(run).name);
  const runningSince = holder && new Date(holder.sinceMs);
  const skip = {
    reason: "it is running in another process",
    holder: holder?.holder ?? null,
    runningSince: runningSince?.toISOString() ?? null,
    ...tooLate(run),
  };
  return { skip, runningSince };
}
