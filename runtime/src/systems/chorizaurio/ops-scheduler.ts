import type { RunProcess } from "../../run/run.ts";
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { dirname } from "node:path";
import type { BackupSet } from "../../backups/backup-sets.ts";
import type { ManifestJob } from "../../contract/job.ts";
import type { ProcessContext } from "../../run/process.ts";
import { bindSchedule } from "../../contract/bindings.ts";
import { viewJobs } from "../../ops/jobs.ts";
import type { SchedulerBody } from "./ops-bodies.ts";

/** What the scheduler does for the backups of a set, as the admin page's status tells it. */
export async function schedulerOf(process: RunProcess, set: BackupSet): Promise<SchedulerBody> {
  const jobs = scheduledJobs(process, set);
  const views = await viewJobs(process, jobs);
  return {
    enabled: views.some(({ toggles }) => toggles.every(({ on }) => on)),
    running: !process.stop.signal.aborted,
    interval_hours: intervalHours(process, set),
    retention_count: set.keep,
    backup_dir: set.directory,
    writable: await isWritable(set.directory),
    jobs: views.map(({ name, schedule, next, last }) => ({
      name,
      schedule,
      next_run: next[0]?.utc ?? null,
      last_run: last?.startedAt ?? null,
      last_status: last?.status ?? null,
    })),
  };
}

/** Hours between two periodic backups; null when none are periodic. */
export function intervalHours(process: RunProcess, set: BackupSet): number | null {
  const [first] = scheduledJobs(process, set).flatMap(({ name, schedule }) => {
    const bound = schedule && bindSchedule({ name, schedule }, process.env);
    return bound?.everySeconds ?? [];
  });
  return first === undefined ? null : first / 3600;
}

function scheduledJobs({ manifest }: ProcessContext, set: BackupSet): ManifestJob[] {
  return manifest.jobs.filter(({ name, schedule }) => schedule && set.jobs.includes(name));
}

/** Before the first backup there is no directory: then it is about to be made where it is to be. */
async function isWritable(directory: string): Promise<boolean> {
  for (const place of [directory, dirname(directory)]) {
    const problem = await access(place, constants.W_OK).then(
      () => undefined,
      (error: NodeJS.ErrnoException) => error.code ?? "unknown",
    );
    if (problem === undefined) return true;
    if (problem !== "ENOENT") return false;
  }
  return false;
}
