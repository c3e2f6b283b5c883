import type { RunProcess } from "./run.ts";
import { isRunHere, type ManifestJob } from "../contract/job.ts";
import type { Coordination } from "../state/coordination.ts";
import type { RunRecord, RunStart } from "../contract/run-record.ts";
import { alertEnd } from "./alert.ts";
import { lockRequest } from "./lock.ts";

/** Without a deadline and without a store for locks, a run is given up after Render's longest run. @see https://render.com/docs/cronjobs */
const RUN_SECONDS_MAX = 12 * 3600;

/** A run ends a while after its deadline: its child has a grace, and its record takes a moment. */
const MARGIN_SECONDS = 120;

/**
 * Records as `lost` the runs of this process' jobs whose own process vanished: killed, or out of memory.
 *
 * A run whose lease somebody holds may still be under way. Where nobody holds leases, it is
 * given up when its deadline has long passed; a process that is `alone` (the only one that can run
 * its jobs) knows at its start that none of them runs.
 */
export async function recoverLost(
  process: RunProcess,
  { alone = false, job: only }: { alone?: boolean; job?: string } = {},
): Promise<RunRecord[]> {
  const jobs = new Map(process.manifest.jobs.map((job) => [job.name, job]));
  const recovered: RunRecord[] = [];
  try {
    for (const run of await process.records.unfinished()) {
      const job = jobs.get(run.job);
      const isOurs = job && isRunHere(job) && (only === undefined || only === run.job);
      if (!isOurs || process.active.has(run.runId)) continue;
      const record = await recover(process, job, { run, alone });
      if (record) recovered.push(record);
    }
  } catch (error) {
    process.log.error({ err: error }, "lost runs could not be looked for");
  }
  return recovered;
}

async function recover(
  process: RunProcess,
  job: ManifestJob,
  { run, alone }: { run: RunStart; alone: boolean },
): Promise<RunRecord | undefined> {
  const coordination = await process.lockStoreOf(job);
  const isLocked = coordination && (job.overlap !== "allow" || job.lock);
  if (isLocked) return recoverUnderLease(process, job, { run, coordination });
  const deadlineSeconds = (job.deadlineSeconds ?? RUN_SECONDS_MAX) + MARGIN_SECONDS;
  const ageSeconds = (process.clock.now().getTime() - Date.parse(run.startedAt)) / 1000;
  if (!alone && ageSeconds < deadlineSeconds) return undefined;
  return recordLost(process, job, run);
}

/** Its lease is free, so nobody runs it. The new fence keeps a late end of the old run out. */
async function recoverUnderLease(
  process: RunProcess,
  job: ManifestJob,
  { run, coordination }: { run: RunStart; coordination: Coordination },
): Promise<RunRecord | undefined> {
  const lease = await coordination.acquire(lockRequest({ job, process }));
  if (!lease) return undefined;
  try {
    return await recordLost(process, job, { ...run, fence: Math.max(run.fence, lease.fence) });
  } finally {
    await lease.release();
  }
}

async function recordLost(
  process: RunProcess,
  job: ManifestJob,
  run: RunStart,
): Promise<RunRecord | undefined> {
  const lost: RunRecord = {
    ...run,
    status: "lost",
    durationMs: Math.max(0, process.clock.now().getTime() - Date.parse(run.startedAt)),
    attempt: 1,
    exitCode: null,
    error: "its process vanished before it ended",
    details: { foundBy: process.holder },
  };
  if (!(await process.records.finish(lost))) return undefined;
  process.log.error({ ...lost }, "run");
  for (const observe of process.observers) observe(lost);
  await alertEnd({ process, job, record: lost });
  return lost;
}
