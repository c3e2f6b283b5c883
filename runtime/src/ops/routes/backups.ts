import * as z from "zod/mini";
import { backupSetsOf, listBackups } from "../../backups/backup-sets.ts";
import type { ManifestJob } from "../../contract/job.ts";
import { json, readJson, HttpError } from "../../http.ts";
import { Actor } from "../api.ts";
import { downloadBackup } from "../backup-download.ts";
import { restoringJob, takingJob, uploadingJob, verifyingJob } from "../backup-jobs.ts";
import type { OpsContext, OpsRoute } from "../api.ts";
import { beginRun, jobNamed, type RunWish } from "./jobs.ts";
import { showRun } from "./runs.ts";

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
  const upload = c.req.param("file") ?? "";
  const actor = await confirmed(c, upload);
  const { job } = uploadingJob(c.var.ops.process, c.req.query("job"));
  return begun(c, job, { actor, input: { upload } });
}

async function confirmed(c: OpsContext, file: string): Promise<string | undefined> {
  const { confirm, actor } = await readJson(c, RestoreBody);
  if (confirm === file) return actor;
  throw new HttpError(400, "confirm: should be the name of the file, which replaces the database");
}

async function begun(c: OpsContext, job: ManifestJob, wish: RunWish): Promise<Response> {
  return showRun(c.var.ops, await beginRun(c, job, wish));
}
