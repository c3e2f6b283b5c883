import { stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { type BackupSet, backupSetsOf, listBackups } from "../../backups/backup-sets.ts";
import { appVersion } from "../../health/preset.ts";
import { HttpError, json } from "../../http.ts";
import type { ProcessContext } from "../../run/process.ts";
import { RUNTIME_VERSION } from "../../version.ts";
import {
  backupNamed,
  downloadBackup,
  PULL_TOKEN,
  restoreBackup,
  restoreUpload,
  takeBackup,
  upload,
} from "../../ops/backups.ts";
import { runMigrationsByHand, viewMigrations } from "../../ops/migrations.ts";
import type { OpsContext, OpsPreset, OpsRoute } from "../../ops/api.ts";
import { backupBody, errorBody, humanSize, listBody, statusBody } from "./ops-bodies.ts";

/** The limit of the app's own admin paths for one client. */
const REQUESTS_PER_MINUTE = 20;

/** The actor of a backup without an actor in its body: the runbook's curl has no body. */
const ADMIN = "manual admin";

const ADMIN_PATH = "/api/admin";

const ROUTES: readonly OpsRoute[] = [
  { method: "POST", path: "/backup-now", answer: backUpNow },
  { method: "GET", path: "/backups", tokenEnvs: [PULL_TOKEN], answer: listAll },
  { method: "GET", path: "/backups/:file", tokenEnvs: [PULL_TOKEN], answer: downloadBackup },
  { method: "POST", path: "/backups/:file/restore", answer: restoreBackup },
  { method: "PUT", path: "/backups/uploads/:file", answer: upload },
  { method: "POST", path: "/backups/uploads/:file/restore", answer: restoreUpload },
  { method: "GET", path: "/backup-status", answer: showStatus },
  { method: "GET", path: "/migrations", answer: showMigrations },
  { method: "POST", path: "/migrations/run", answer: runMigrations },
  { method: "GET", path: "/system-info", answer: showSystem },
];

/** chorizaurio's admin paths and bodies. Its Bearer token is the operators' one, not an app login. */
export const opsPreset: OpsPreset = { errorBody, routes: ROUTES.map(limited) };

function limited({ path, answer, ...route }: OpsRoute): OpsRoute {
  const whole = `${ADMIN_PATH}${path}`;
  return {
    ...route,
    path: whole,
    answer: async (c) => {
      const limits = { [`${whole} ${c.var.client}`]: REQUESTS_PER_MINUTE };
      c.var.ops.rates.count(limits, `more than ${REQUESTS_PER_MINUTE} requests in a minute`);
      return answer(c);
    },
  };
}

async function backUpNow(c: OpsContext): Promise<Response> {
  const { ops } = c.var;
  const runId = await takeBackup(c, ADMIN);
  const record = await ops.runs.endOf(runId);
  const filename = record?.details["file"];
  if (record?.status !== "ok" || typeof filename !== "string") {
    const why = record?.error ?? record?.details["reason"] ?? record?.status ?? "it did not start";
    throw new HttpError(503, `no backup was made: ${String(why)}`);
  }
  const { backup } = await backupNamed(ops.process, filename);
  return json(200, { success: true, backup: backupBody(backup) });
}

async function listAll(c: OpsContext): Promise<Response> {
  const { process } = c.var.ops;
  const set = setOf(process);
  return json(200, listBody(process, set, await listBackups(set)));
}

async function showStatus(c: OpsContext): Promise<Response> {
  const { process } = c.var.ops;
  const set = setOf(process);
  return json(200, await statusBody(process, set, await listBackups(set)));
}

async function showMigrations(c: OpsContext): Promise<Response> {
  const { registered, executed, pending, failed } = await viewMigrations(c.var.ops.process);
  return json(200, { registered, executed, pending, failed });
}

async function runMigrations(c: OpsContext): Promise<Response> {
  const { executed, failed } = await runMigrationsByHand(c);
  const [first] = failed;
  if (first) throw new HttpError(500, `migration ${first.name}: ${first.error}`);
  return json(200, { success: true, executed, count: executed.length });
}

async function showSystem(c: OpsContext): Promise<Response> {
  const { process, startedAt } = c.var.ops;
  const { system, environment } = process.manifest;
  const set = setOf(process);
  const backups = await listBackups(set);
  const { bsize, blocks, bavail } = await statfs(dirname(set.database));
  const database = await stat(set.database).catch(() => undefined);
  const nowMs = process.clock.now().getTime();
  return json(200, {
    system,
    environment,
    version: appVersion(process.env),
    runtime: RUNTIME_VERSION,
    started_at: startedAt,
    uptime_seconds: Math.max(0, Math.round((nowMs - Date.parse(startedAt)) / 1000)),
    database: {
      path: set.database,
      size: database?.size ?? null,
      size_human: database ? humanSize(database.size) : null,
    },
    disk: { total: blocks * bsize, free: bavail * bsize, free_human: humanSize(bavail * bsize) },
    backups: { total: backups.length, latest: backups[0]?.filename ?? null },
    timestamp: new Date(nowMs).toISOString(),
  });
}

/** The app has one database. */
function setOf(process: ProcessContext): BackupSet {
  const [set] = backupSetsOf(process);
  if (set) return set;
  throw new HttpError(404, "there are no backups: no job of this process takes them");
}
