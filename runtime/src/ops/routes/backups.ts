import * as z from "zod/mini";
import { backupSetsOf, listBackups } from "../../backups/backup-sets.ts";
import type { ManifestJob } from "../../contract/job.ts";
import { jsonAnswer, readJson, Refusal } from "../json-api/exchange.ts";
import { Actor } from "../actor.ts";
import { downloadBackup } from "../backup-download.ts";
import { restoringJob, takingJob, uploadingJob, verifyingJob } from "../backup-jobs.ts";
import type { OpsExchange, OpsRoute } from "../route.ts";
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
    answer: async (exchange) => showRun(exchange.ops, await takeBackup(exchange)),
  },
  {
    method: "GET",
    path: "/ops/backups/:file",
    tokenEnvs: [PULL_TOKEN],
    answer: ({ ops, params, request }) =>
      downloadBackup(ops.process, params["file"] ?? "", request.signal),
  },
  { method: "POST", path: "/ops/backups/:file/verify", answer: verify },
  { method: "POST", path: "/ops/backups/:file/restore", answer: restoreBackup },
  { method: "POST", path: "/ops/backups/uploads/:file/restore", answer: restoreUpload },
];

async function listAll({ ops: { process } }: OpsExchange): Promise<Response> {
  const sets = backupSetsOf(process).map(async (set) => {
    const { job, jobs, directory, prefix, keep } = set;
    return { job, jobs, directory, prefix, keep, backups: await listBackups(set) };
  });
  return jsonAnswer(200, { sets: await Promise.all(sets) });
}

const TakeBody = z.strictObject({ job: z.optional(z.string()), actor: z.optional(Actor) });

/** Starts a backup for who asks and gives the run's id; `actor` is who it is without being said. */
export async function takeBackup(exchange: OpsExchange, actor?: string): Promise<string> {
  const body = await readJson(exchange.request, TakeBody);
  const job = jobNamed(exchange.ops, body.job ?? takingJob(exchange.ops.process));
  if (job.uses !== "sqlite-backup") throw new Refusal(400, `job: "${job.name}" takes no backups`);
  return beginRun(exchange, job, { actor: body.actor ?? actor });
}

const VerifyBody = z.strictObject({ actor: z.optional(Actor) });

async function verify(exchange: OpsExchange): Promise<Response> {
  const { actor } = await readJson(exchange.request, VerifyBody);
  const backup = exchange.params["file"] ?? "";
  const job = await verifyingJob(exchange.ops.process, backup);
  return begun(exchange, job, { actor, input: { backup } });
}

/** A restore replaces all that was written since: who means it says the file's name twice. */
const RestoreBody = z.strictObject({ confirm: z.string(), actor: z.optional(Actor) });

/** Puts a backup in place of its database; the job stops the app meanwhile and keeps a safety copy. */
export async function restoreBackup(exchange: OpsExchange): Promise<Response> {
  const backup = exchange.params["file"] ?? "";
  const actor = await confirmed(exchange, backup);
  const job = await restoringJob(exchange.ops.process, backup);
  return begun(exchange, job, { actor, input: { backup } });
}

/** The same with a file that was uploaded before. */
export async function restoreUpload(exchange: OpsExchange): Promise<Response> {
  const upload = exchange.params["file"] ?? "";
  const actor = await confirmed(exchange, upload);
  const { job } = uploadingJob(exchange.ops.process, exchange.query.get("job"));
  return begun(exchange, job, { actor, input: { upload } });
}

async function confirmed({ request }: OpsExchange, file: string): Promise<string | undefined> {
  const { confirm, actor } = await readJson(request, RestoreBody);
  if (confirm === file) return actor;
  throw new Refusal(400, "confirm: should be the name of the file, which replaces the database");
}

async function begun(exchange: OpsExchange, job: ManifestJob, wish: RunWish): Promise<Response> {
  return showRun(exchange.ops, await beginRun(exchange, job, wish));
}
