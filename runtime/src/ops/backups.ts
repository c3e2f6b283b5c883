import * as z from "zod/mini";
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { resolve } from "node:path";
import { fingerprint } from "../backups/backup-file.ts";
import {
  type BackupSet,
  type ListedBackup,
  type RestorePaths,
  backupSetsOf,
  findBackup,
  listBackups,
  restorePaths,
} from "../backups/backup-sets.ts";
import { UploadRefused, receiveUpload } from "../backups/uploads.ts";
import { bindOptions } from "../contract/bindings.ts";
import { errorCode } from "../contract/error-code.ts";
import { type ManifestJob, isRunHere } from "../contract/job.ts";
import { HttpError, json, readJson } from "../http.ts";
import { Actor, type OpsContext, type OpsRoute, actorOf, logChange } from "./api.ts";
import { CHECKSUM_HEADER, downloadOf } from "./file-transfer.ts";
import { type ManualRun, beginRun, jobNamed } from "./jobs.ts";
import { showRun } from "./runs.ts";
import type { ProcessContext } from "../run/process.ts";

/**
 * Variable of a token that opens only the list and the download. A PC that fetches backups needs no
 * token that could also restore one.
 */
export const PULL_TOKEN = "BACKUP_PULL_TOKEN";

/** Lists, takes, downloads, verifies, uploads and restores backups of SQLite databases. */
export const backupRoutes: readonly OpsRoute[] = [
  { method: "GET", path: "/ops/backups", tokenEnvs: [PULL_TOKEN], answer: listAll },
  {
    method: "POST",
    path: "/ops/backups",
    answer: async (c) => showRun(c.var.ops, await takeBackup(c)),
  },
  {
    method: "GET",
    path: "/ops/backups/:file",
    tokenEnvs: [PULL_TOKEN],
    answer: (c) => downloadBackup(c.var.ops.process, c.req.param("file") ?? "", c.req.raw.signal),
  },
  { method: "POST", path: "/ops/backups/:file/verify", answer: verify },
  { method: "POST", path: "/ops/backups/:file/restore", answer: restoreBackup },
  { method: "PUT", path: "/ops/backups/uploads/:file", answer: upload },
  { method: "POST", path: "/ops/backups/uploads/:file/restore", answer: restoreUpload },
];

async function listAll({
  var: {
    ops: { process },
  },
}: OpsContext): Promise<Response> {
  const sets = backupSetsOf(process).map(async (set) => {
    const { job, jobs, directory, prefix, keep } = set;
    return { job, jobs, directory, prefix, keep, backups: await listBackups(set) };
  });
  return json(200, { sets: await Promise.all(sets) });
}

const TakeBody = z.strictObject({ job: z.optional(z.string()), actor: z.optional(Actor) });

/** Starts a backup and returns the run's id. `actor` applies when the body names none. */
export async function takeBackup(c: OpsContext, actor?: string): Promise<string> {
  const body = await readJson(c, TakeBody);
  const job = jobNamed(c.var.ops, body.job ?? takingJob(c.var.ops.process));
  if (job.uses !== "sqlite-backup") throw new HttpError(400, `job: "${job.name}" takes no backups`);
  return beginRun(c, job, { actor: body.actor ?? actor });
}

const VerifyBody = z.strictObject({ actor: z.optional(Actor) });

async function verify(c: OpsContext): Promise<Response> {
  const { actor } = await readJson(c, VerifyBody);
  const backup = c.req.param("file") ?? "";
  const job = await verifyingJob(c.var.ops.process, backup);
  return begun(c, job, { actor, input: { backup } });
}

/** A restore discards all later writes, so the caller must confirm it with the file's name. */
const RestoreBody = z.strictObject({ confirm: z.string(), actor: z.optional(Actor) });

/** Replaces the database by a backup. The job stops the app meanwhile and keeps a safety copy. */
export async function restoreBackup(c: OpsContext): Promise<Response> {
  const backup = c.req.param("file") ?? "";
  const actor = await confirmed(c, backup);
  const job = await restoringJob(c.var.ops.process, backup);
  return begun(c, job, { actor, input: { backup } });
}

/** Replaces the database by a file that was uploaded before. */
export async function restoreUpload(c: OpsContext): Promise<Response> {
  const file = c.req.param("file") ?? "";
  const actor = await confirmed(c, file);
  const { job } = uploadingJob(c.var.ops.process, c.req.query("job"));
  return begun(c, job, { actor, input: { upload: file } });
}

async function confirmed(c: OpsContext, file: string): Promise<string | undefined> {
  const { confirm, actor } = await readJson(c, RestoreBody);
  if (confirm === file) return actor;
  throw new HttpError(400, "confirm: should be the name of the file, which replaces the database");
}

async function begun(c: OpsContext, job: ManifestJob, request: ManualRun): Promise<Response> {
  return showRun(c.var.ops, await beginRun(c, job, request));
}

/** Statuses of a refused upload. */
const STATUSES: Readonly<Record<UploadRefused["reason"], number>> = {
  name: 400,
  size: 413,
  room: 507,
  checksum: 400,
};

/** Stores a file for a restore, completely or not at all. */
export async function upload(c: OpsContext): Promise<Response> {
  const { ops } = c.var;
  const request = c.req.raw;
  const name = c.req.param("file") ?? "";
  const { job, place } = uploadingJob(ops.process, c.req.query("job"));
  const sha256 = request.headers.get(CHECKSUM_HEADER) ?? "";
  if (!/^[0-9a-f]{64}$/i.test(sha256)) {
    throw new HttpError(400, `${CHECKSUM_HEADER}: should be the file's SHA-256 in hexadecimal`);
  }
  const by = uploader(c);
  const body = request.body ?? new ReadableStream<Uint8Array>({ start: (it) => it.close() });
  const { uploads: directory, uploadBytesMax: bytesMax } = place;
  try {
    const wanted = { directory, name, body, sha256, bytesMax, by };
    const receipt = await receiveUpload(wanted, ops.process.clock.now());
    logChange(c, { actor: by, did: "upload", file: name, sha256: receipt.sha256 });
    return json(201, { file: name, restoredBy: job.name, ...receipt });
  } catch (error) {
    if (error instanceof UploadRefused) throw new HttpError(STATUSES[error.reason], error.message);
    throw error;
  }
}

/** The actor is in the query, because the body is the file. */
function uploader(c: OpsContext): string {
  const said = c.req.query("actor");
  if (said === undefined) return actorOf(c);
  const actor = Actor.safeParse(said);
  if (actor.success) return actor.data;
  throw new HttpError(400, "actor: should be `manual <who>`");
}

/** A job that restores a database, and the location of its files. */
interface RestoreJob {
  readonly job: ManifestJob;
  readonly place: RestorePaths;
}

/** The job for a manual backup: the one without a schedule, because a toggle may disable the others. */
function takingJob(process: ProcessContext): string {
  const [set, ...others] = backupSetsOf(process);
  if (!set) throw new HttpError(404, "there are no backups here: no job takes them");
  if (others.length > 0) {
    const jobs = [set, ...others].map(({ job }) => job).join(", ");
    throw new HttpError(400, `job: name the database by one of its jobs: ${jobs}`);
  }
  const { jobs } = process.manifest;
  const byHand = jobs.find(({ name, schedule }) => !schedule && set.jobs.includes(name));
  return byHand?.name ?? set.job;
}

/** The job that verifies a backup by restoring it to a scratch file. */
async function verifyingJob(process: ProcessContext, filename: string): Promise<ManifestJob> {
  const set = await setWith(process, filename);
  const job = jobsThat(process, "backup-verify").find((it) => {
    const { directory, prefix } = bindOptions(it, process.env);
    const isThere = resolve(process.directory, String(directory)) === set.directory;
    return isThere && prefix === set.prefix;
  });
  return job ?? refuse("backup-verify", set);
}

/** The job that restores this backup. */
async function restoringJob(process: ProcessContext, filename: string): Promise<ManifestJob> {
  const set = await setWith(process, filename);
  const found = restoreJobs(process).find(
    ({ place }) => place.directory === set.directory && place.prefix === set.prefix,
  );
  return found?.job ?? refuse("sqlite-restore", set);
}

/** The job that restores uploaded files: the named one, else the only one. */
function uploadingJob(process: ProcessContext, named: string | undefined): RestoreJob {
  const all = restoreJobs(process);
  const meant = named === undefined ? all : all.filter(({ job }) => job.name === named);
  const [found, ...others] = meant;
  if (found && others.length === 0) return found;
  const names = all.map(({ job }) => job.name).join(", ") || "none";
  if (named === undefined && found)
    throw new HttpError(400, `job: name the job that restores it: ${names}`);
  throw new HttpError(404, `this sqlite-restore job does not exist; known jobs: ${names}`);
}

function restoreJobs(process: ProcessContext): RestoreJob[] {
  const { env, directory } = process;
  return jobsThat(process, "sqlite-restore").map((job) => {
    return { job, place: restorePaths(bindOptions(job, env), directory) };
  });
}

function jobsThat({ manifest }: ProcessContext, uses: string): ManifestJob[] {
  return manifest.jobs.filter((job) => job.uses === uses && isRunHere(job));
}

async function setWith(process: ProcessContext, filename: string): Promise<BackupSet> {
  for (const set of backupSetsOf(process)) {
    if (await findBackup(set, filename)) return set;
  }
  throw new HttpError(404, "this backup does not exist");
}

function refuse(uses: string, { directory }: BackupSet): never {
  throw new HttpError(409, `no job with uses: ${uses} is declared for the backups in ${directory}`);
}

/** The backup of this name in any set of the process, or a 404. */
export async function backupNamed(
  process: ProcessContext,
  filename: string,
): Promise<ListedBackup> {
  for (const set of backupSetsOf(process)) {
    const backup = await findBackup(set, filename);
    if (backup) return backup;
  }
  throw noBackup();
}

/** A backup as a download. It is streamed, because it may not fit in memory. */
export async function downloadBackup(
  process: ProcessContext,
  filename: string,
  signal: AbortSignal,
): Promise<Response> {
  const backup = await backupNamed(process, filename);
  const sha256 = backup.sha256 ?? (await fingerprint(backup.path, signal)).sha256;
  const file = await openBackup(backup);
  return downloadOf(file, {
    // The name has only letters, digits, dots, dashes and underscores, so it cannot end the quotes.
    "content-disposition": `attachment; filename="${backup.filename}"`,
    [CHECKSUM_HEADER]: sha256,
  });
}

/** An open file survives its rotation. A link is not a backup. */
async function openBackup({ path }: ListedBackup): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (["ENOENT", "ELOOP"].includes(errorCode(error) ?? "")) throw noBackup();
    throw error;
  }
}

function noBackup(): HttpError {
  return new HttpError(404, "this backup does not exist");
}
