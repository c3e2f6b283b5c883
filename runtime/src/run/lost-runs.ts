import { isRunHere, type ManifestJob } from "../contract/job.ts";
import type { LeaseStore } from "../state/leases.ts";
import type { RunRecord, RunStart } from "../contract/run-record.ts";
import { leaseRequest } from "./admission.ts";
import type { ProcessRuns } from "./process.ts";
import type { RunProcess } from "./run.ts";
import { storeEnd } from "./finish-run.ts";
import { type AlertProcess, endEvents, sendStored } from "./run-alert.ts";
import { failed, failureOf, recordOf } from "./run-outcome.ts";

/** Without a deadline and a lease store, a run counts as lost after Render's longest run. @see https://render.com/docs/cronjobs */
const RUN_SECONDS_MAX = 12 * 3600;

/** Time for a run to end after its deadline: the grace period of its child, and its record. */
const MARGIN_SECONDS = 120;

/**
 * Records runs of this process's jobs as `lost` when their process vanished.
 *
 * A run whose lease is held may still be running. Without a lease store, a run counts as lost when
 * its deadline has long passed. A process that is `alone` (no other process runs its jobs) knows at
 * its start that none of them runs.
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
    process.log.error(
      { err: error },
      "cannot look for lost runs: the state store failed; retrying",
    );
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

/** A run is lost when its lease is free. The new fence makes the store refuse a late end of that run. */
async function recoverUnderLease(
  process: RunProcess,
  job: ManifestJob,
  { run, coordination }: { run: RunStart; coordination: LeaseStore },
): Promise<RunRecord | undefined> {
  const lease = await coordination.acquire(leaseRequest({ job, process }));
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
    error: "its process vanished before the run ended",
    details: { foundBy: process.holder },
  };
  const events = await endEvents({ process, job, record: lost });
  const { isAccepted, areAlertsStored: areStored } = await storeEnd(process, lost, events);
  if (!isAccepted) return undefined;
  process.log.error({ ...lost }, "run");
  for (const observe of process.observers) observe(lost);
  await sendStored(process, lost, { events, areStored });
  return lost;
}

/** Records the runs that a crash of this process cuts off, with their alerts, and ends their children. */
export async function recordCrash(
  process: AlertProcess & ProcessRuns,
  error: unknown,
): Promise<void> {
  const { message } = failureOf(error);
  const outcome = failed({ message: `crash: ${message}`, exitCode: undefined, details: {} }, 1);
  const records = [...process.active.values()].map(async (start) => {
    const record = recordOf(start, outcome, process.clock.now());
    process.log.error({ ...record }, "run");
    const job = process.manifest.jobs.find(({ name }) => name === record.job);
    const events = job ? await endEvents({ process, job, record }) : [];
    const { areAlertsStored: areStored } = await storeEnd(process, record, events);
    await sendStored(process, record, { events, areStored });
  });
  await Promise.all(records);
  // Only now: an aborted run would be recorded as interrupted.
  process.stop.abort();
}
