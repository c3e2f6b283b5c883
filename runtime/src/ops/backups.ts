import * as z from "zod/mini";
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { resolve } from "node:path";
import { fingerprint } from "../backups/backup-note.ts";
import {
  type BackupSet,
  type ListedBackup,
  type RestorePlace,
  backupSetsOf,
  findBackup,
  listBackups,
  restorePlace,
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
 * Variable of a token that opens the list and the download and nothing else: a shop's PC that fetches
 * backups needs no token that could also restore one.
 */
export const PULL_TOKEN = "BACKUP_PULL_TOKEN";

/** Backups of SQLite databases: listed, taken, downloaded, verified and restored. */
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

/** Starts a backup for who asks and gives the run's id; `actor` is who it is without being said. */
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

/** A restore replaces all that was written since: who means it says the file's name twice. */
const RestoreBody = z.strictObject({ confirm: z.string(), actor: z.optional(Actor) });

/** Puts a backup in place of its database; the job stops the app meanwhile and keeps a safety copy. */
export async function restoreBackup(c: OpsContext): Promise<Response> {
  const backup = c.req.param("file") ?? "";
  const actor = await confirmed(c, backup);
  const job = await restoringJob(c.var.ops.process, backup);
  return begun(c, job, { actor, input: { backup } });
}

/** The same with a file that was uploaded before. */
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

/** How a refused upload is answered: too long a body and too little room have a status of their own. */
const STATUSES: Readonly<Record<UploadRefused["reason"], number>> = {
  name: 400,
  size: 413,
  room: 507,
  checksum: 400,
};

/** Keeps a file under its name for a restore, as a whole or not at all. */
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

/** The body is the file, so that who sends it is said in the query. */
function uploader(c: OpsContext): string {
  const said = c.req.query("actor");
  if (said === undefined) return actorOf(c);
  const actor = Actor.safeParse(said);
  if (actor.success) return actor.data;
  throw new HttpError(400, "actor: should be `manual <who>`");
}

/** A job that restores a database, and where its files are. */
interface RestoreJob {
  readonly job: ManifestJob;
  readonly place: RestorePlace;
}

/** The job that takes a backup by hand: the one without a schedule, for the others may be switched off. */
function takingJob(process: ProcessContext): string {
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
async function verifyingJob(process: ProcessContext, filename: string): Promise<ManifestJob> {
  const set = await setWith(process, filename);
  const job = jobsThat(process, "backup-verify").find((it) => {
    const { directory, prefix } = bindOptions(it, process.env);
    const isThere = resolve(process.directory, String(directory)) === set.directory;
    return isThere && prefix === set.prefix;
  });
  return job ?? refuse("backup-verify", set);
}

/** The job that puts this backup in place of its database. */
async function restoringJob(process: ProcessContext, filename: string): Promise<ManifestJob> {
  const set = await setWith(process, filename);
  const found = restoreJobs(process).find(
    ({ place }) => place.directory === set.directory && place.prefix === set.prefix,
  );
  return found?.job ?? refuse("sqlite-restore", set);
}

/** The job that restores uploaded files: the only one, or the one that is named. */
function uploadingJob(process: ProcessContext, named: string | undefined): RestoreJob {
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

/** The backup of this name in any set of the process; a 404 for every name that is none. */
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

/** A backup as it is on the disk, read while it is sent: it may be longer than the memory. */
export async function downloadBackup(
  process: ProcessContext,
  filename: string,
  signal: AbortSignal,
): Promise<Response> {
  const backup = await backupNamed(process, filename);
  const sha256 = backup.sha256 ?? (await fingerprint(backup.path, signal)).sha256;
  const file = await openBackup(backup);
  return downloadOf(file, {
    // The name has letters, digits, dots, dashes and underscores, and nothing that ends the quotes.
    "content-disposition": `attachment; filename="${backup.filename}"`,
    [CHECKSUM_HEADER]: sha256,
  });
}

/** Once it is open, its rotation does not cut the download off. A link is nobody's backup. */
async function openBackup({ path }: ListedBackup): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (["ENOENT", "ELOOP"].includes(errorCode(error) ?? "")) throw noBackup();
    throw error;
  }
}

function noBackup(): HttpError {
  return new HttpError(404, "there is no such backup");
}
