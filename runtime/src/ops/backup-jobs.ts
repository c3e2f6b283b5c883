import { resolve } from "node:path";
import {
  type BackupSet,
  backupSetsOf,
  findBackup,
  type RestorePlace,
  restorePlace,
} from "../backups/backup-sets.ts";
import { isRunHere, type ManifestJob } from "../contract/job.ts";
import { HttpError } from "../http.ts";
import type { ProcessContext } from "../run/process.ts";
import { bindOptions } from "../contract/bindings.ts";

/** A job that restores a database, and where its files are. */
export interface RestoreJob {
  readonly job: ManifestJob;
  readonly place: RestorePlace;
}

/** The job that takes a backup by hand: the one without a schedule, for the others may be switched off. */
export function takingJob(process: ProcessContext): string {
  const [set, ...others] = backupSetsOf(process);
  if (!set) throw new HttpError(404, "there are no backups here: no job takes them");
  if (others.length > 0) {
    const jobs = [set, ...others].map(({ job }) => job).join(", ");
    throw new HttpError(400, `job: say which database is meant by one of its jobs: ${jobs}`);
  }
  const { jobs } = process.manifest;
  const byHand = jobs.find(({ name, schedule }) => !schedule && set.jobs.includes(name));
  return byHand?.name ?? set.job;
}

/** The job that looks at a backup by restoring it into a scratch file. */
export async function verifyingJob(
  process: ProcessContext,
  filename: string,
): Promise<ManifestJob> {
  const set = await setWith(process, filename);
  const job = jobsThat(process, "backup-verify").find((it) => {
    const { directory, prefix } = bindOptions(it, process.env);
    const isThere = resolve(process.directory, String(directory)) === set.directory;
    return isThere && prefix === set.prefix;
  });
  return job ?? refuse("backup-verify", set);
}

/** The job that puts this backup in place of its database. */
export async function restoringJob(
  process: ProcessContext,
  filename: string,
): Promise<ManifestJob> {
  const set = await setWith(process, filename);
  const found = restoreJobs(process).find(
    ({ place }) => place.directory === set.directory && place.prefix === set.prefix,
  );
  return found?.job ?? refuse("sqlite-restore", set);
}

/** The job that restores uploaded files: the only one, or the one that is named. */
export function uploadingJob(process: ProcessContext, named: string | undefined): RestoreJob {
  const all = restoreJobs(process);
  const meant = named === undefined ? all : all.filter(({ job }) => job.name === named);
  const [found, ...others] = meant;
  if (found && others.length === 0) return found;
  const names = all.map(({ job }) => job.name).join(", ") || "none";
  if (named === undefined && found)
    throw new HttpError(400, `job: say which restores it: ${names}`);
  throw new HttpError(404, `there is no such sqlite-restore job; there are: ${names}`);
}

function restoreJobs(process: ProcessContext): RestoreJob[] {
  const { env, directory } = process;
  return jobsThat(process, "sqlite-restore").map((job) => {
    return { job, place: restorePlace(bindOptions(job, env), directory) };
  });
}

function jobsThat({ manifest }: ProcessContext, uses: string): ManifestJob[] {
  return manifest.jobs.filter((job) => job.uses === uses && isRunHere(job));
}

async function setWith(process: ProcessContext, filename: string): Promise<BackupSet> {
  for (const set of backupSetsOf(process)) {
    if (await findBackup(set, filename)) return set;
  }
  throw new HttpError(404, "there is no such backup");
}

function refuse(uses: string, { directory }: BackupSet): never {
  throw new HttpError(409, `no job with uses: ${uses} is declared for the backups in ${directory}`);
}
