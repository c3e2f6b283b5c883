import * as z from "zod/mini";
import { dirname, resolve } from "node:path";
import { fingerprint, defaultPrefix } from "../backups/backup-file.ts";
import {
  type BackupSet,
  type ListedBackup,
  backupSetsOf,
  findBackup,
  listBackups,
  restorePaths,
} from "../backups/backup-sets.ts";
import { receiveUpload } from "../backups/uploads.ts";
import { bindOptions } from "../contract/bindings.ts";
import { type ManifestJob, isRunHere } from "../contract/job.ts";
import { HttpError, json } from "../http.ts";
import { fileActor, logChange, named, type OpsContext, type OpsRoute, readChange } from "./api.ts";
import { CHECKSUM_HEADER, downloadOf, openBelow, refuse } from "./file-transfer.ts";
import { beginRun, showRun } from "./jobs.ts";
import type { ProcessContext } from "../run/process.ts";

/**
 * Variable of a token that opens only the list and the download. A PC that fetches backups needs no
 * token that could also restore one.
 */
export const PULL_TOKEN = "BACKUP_PULL_TOKEN";

/** Lists, takes, downloads, verifies, uploads and restores backups of SQLite databases. */
export const backupRoutes: readonly OpsRoute[] = [
  { method: "GET", path: "/ops/backups", tokenEnvs: [PULL_TOKEN], answer: listAll },
  { method: "POST", path: "/ops/backups", answer: async (c) => showRun(c, await takeBackup(c)) },
  { method: "GET", path: "/ops/backups/:file", tokenEnvs: [PULL_TOKEN], answer: downloadBackup },
  { method: "POST", path: "/ops/backups/:file/verify", answer: verifyBackup },
  { method: "POST", path: "/ops/backups/:file/restore", answer: restoreBackup },
  { method: "PUT", path: "/ops/backups/uploads/:file", answer: upload },
  { method: "POST", path: "/ops/backups/uploads/:file/restore", answer: restoreUpload },
];

/** The sets of backups, each with the jobs that can verify and restore its backups. */
async function listAll(c: OpsContext): Promise<Response> {
  const { process } = c.var.ops;
  const sets = backupSetsOf(process).map(async (set) => {
    const { job, jobs, directory, prefix, keep } = set;
    const verifiedBy = jobFor(process, "backup-verify", set)?.name ?? null;
    const restoredBy = jobFor(process, "sqlite-restore", set)?.name ?? null;
    const backups = await listBackups(set);
    return { job, jobs, directory, prefix, keep, verifiedBy, restoredBy, backups };
  });
  return json(200, { sets: await Promise.all(sets) });
}

/**
 * Starts a backup and returns the run's id. Without a named job it is the one without a schedule,
 * because a toggle may disable the others.
 *
 * @param by actor of a body that names none
 */
export async function takeBackup(c: OpsContext, by?: string): Promise<string> {
  const { process } = c.var.ops;
  const { job: wanted, actor } = await readChange(c, { job: z.optional(z.string()) }, by);
  const [set, ...others] = backupSetsOf(process);
  if (wanted === undefined && !set) {
    throw new HttpError(404, "there are no backups here: no job takes them");
  }
  if (wanted === undefined && others.length > 0) {
    const several = [set, ...others].map((it) => it?.job).join(", ");
    throw new HttpError(400, `job: name the database by one of its jobs: ${several}`);
  }
  const isByHand = ({ name, schedule }: ManifestJob) => !schedule && set?.jobs.includes(name);
  const { jobs } = process.manifest;
  const job = named("job", jobs, wanted ?? jobs.find(isByHand)?.name ?? set?.job ?? "");
  if (job.uses !== "sqlite-backup") throw new HttpError(400, `job: "${job.name}" takes no backups`);
  return beginRun(c, job, { actor });
}

/** Verifies a backup by restoring it to a scratch file. */
async function verifyBackup(c: OpsContext): Promise<Response> {
  const { actor } = await readChange(c, {});
  return runWithBackup(c, "backup-verify", actor);
}

/** Replaces the database by a backup. The job stops the app meanwhile and keeps a safety copy. */
export async function restoreBackup(c: OpsContext): Promise<Response> {
  return runWithBackup(c, "sqlite-restore", await confirmed(c));
}

/** Replaces the database by a file that was uploaded before. */
export async function restoreUpload(c: OpsContext): Promise<Response> {
  const actor = await confirmed(c);
  const job = uploadingJob(c);
  return showRun(
    c,
    await beginRun(c, job, { actor, input: { upload: c.req.param("file") ?? "" } }),
  );
}

/** The actor. A restore discards all later writes, so the caller confirms it with the file's name. */
async function confirmed(c: OpsContext): Promise<string> {
  const { confirm, actor } = await readChange(c, { confirm: z.string() });
  if (confirm === c.req.param("file")) return actor;
  throw new HttpError(400, "confirm: should be the name of the file, which replaces the database");
}

async function runWithBackup(c: OpsContext, uses: string, actor: string): Promise<Response> {
  const { process } = c.var.ops;
  const backup = c.req.param("file") ?? "";
  const { set } = await backupNamed(process, backup);
  const job = jobFor(process, uses, set);
  if (job) return showRun(c, await beginRun(c, job, { actor, input: { backup } }));
  const message = `no job with uses: ${uses} is declared for the backups in ${set.directory}`;
  throw new HttpError(409, message);
}

/** Stores a file for a restore, completely or not at all. */
export async function upload(c: OpsContext): Promise<Response> {
  const { process } = c.var.ops;
  const name = c.req.param("file") ?? "";
  const job = uploadingJob(c);
  const sha256 = c.req.header(CHECKSUM_HEADER) ?? "";
  if (!/^[0-9a-f]{64}$/i.test(sha256)) {
    throw new HttpError(400, `${CHECKSUM_HEADER}: should be the file's SHA-256 in hexadecimal`);
  }
  const by = fileActor(c);
  const paths = restorePaths(bindOptions(job, process.env), process.directory);
  const { uploads: directory, uploadBytesMax: bytesMax } = paths;
  const body = c.req.raw.body ?? new Blob([]).stream();
  const wanted = { directory, name, body, sha256, bytesMax, by };
  const receipt = await receiveUpload(wanted, process.clock.now()).catch(refuse);
  logChange(c, { actor: by, did: "upload", file: name, sha256: receipt.sha256 });
  return json(201, { file: name, restoredBy: job.name, ...receipt });
}

/** The job that restores uploaded files: the one that the query names, else the only one. */
function uploadingJob(c: OpsContext): ManifestJob {
  const all = jobsHere(c.var.ops.process, "sqlite-restore");
  const wanted = c.req.query("job");
  if (wanted === undefined && all.length > 1) {
    const several = all.map(({ name }) => name).join(", ");
    throw new HttpError(400, `job: name the job that restores it: ${several}`);
  }
  return named("sqlite-restore job", all, wanted ?? all[0]?.name ?? "");
}

function jobsHere({ manifest }: ProcessContext, uses: string): ManifestJob[] {
  return manifest.jobs.filter((job) => job.uses === uses && isRunHere(job));
}

/** The job of a kind that works on the backups of a set. */
function jobFor(process: ProcessContext, uses: string, set: BackupSet): ManifestJob | undefined {
  return jobsHere(process, uses).find((job) => {
    const { database = "", directory, prefix } = bindOptions(job, process.env);
    const isThere = resolve(process.directory, String(directory)) === set.directory;
    return isThere && (prefix ?? defaultPrefix(String(database))) === set.prefix;
  });
}

/** The backup of this name in any set of the process, or a 404. */
export async function backupNamed(
  process: ProcessContext,
  filename: string,
): Promise<{ readonly set: BackupSet; readonly backup: ListedBackup }> {
  for (const set of backupSetsOf(process)) {
    const backup = await findBackup(set, filename);
    if (backup) return { set, backup };
  }
  throw new HttpError(404, "this backup does not exist");
}

/** A backup as a download. An open file survives its rotation. A link is not a backup. */
export async function downloadBackup(c: OpsContext): Promise<Response> {
  const { backup } = await backupNamed(c.var.ops.process, c.req.param("file") ?? "");
  const sha256 = backup.sha256 ?? (await fingerprint(backup.path, c.req.raw.signal)).sha256;
  const opened = await openBelow(dirname(backup.path), backup.filename);
  if (!opened) throw new HttpError(404, "this backup does not exist");
  return downloadOf(c, opened.file, {
    // The name has only letters, digits, dots, dashes and underscores, so it cannot end the quotes.
    "content-disposition": `attachment; filename="${backup.filename}"`,
    [CHECKSUM_HEADER]: sha256,
  });
}
