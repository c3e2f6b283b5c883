import { stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { type BackupSet, backupSetsOf, listBackups } from "../../backups/backup-sets.ts";
import { appVersion } from "../../health/preset.ts";
import { jsonAnswer, Refusal } from "../../ops/json-api/exchange.ts";
import type { ProcessContext } from "../../run/process.ts";
import { RUNTIME_VERSION } from "../../version.ts";
import { backupNamed, downloadBackup } from "../../ops/backup-download.ts";
import { viewMigrations } from "../../ops/migration-status.ts";
import { countRequest } from "../../ops/request-limit.ts";
import type { OpsExchange, OpsPreset, OpsRoute } from "../../ops/route.ts";
import { PULL_TOKEN, restoreBackup, restoreUpload, takeBackup } from "../../ops/routes/backups.ts";
import { runMigrationsByHand } from "../../ops/routes/migrations.ts";
import { upload } from "../../ops/routes/uploads.ts";
import {
  backupBody,
  errorBody,
  humanSize,
  listBody,
  migrationsBody,
  statusBody,
} from "./ops-bodies.ts";
import { intervalHours, schedulerOf } from "./ops-scheduler.ts";

/** What the app's own admin paths allowed to one client. */
const REQUESTS_PER_MINUTE = 20;

/** Who takes a backup by hand and does not say who he is: the runbook's curl has no body. */
const ADMIN = "manual admin";

const ADMIN_PATH = "/api/admin";

const ROUTES: readonly OpsRoute[] = [
  { method: "POST", path: "/backup-now", answer: backUpNow },
  { method: "GET", path: "/backups", tokenEnvs: [PULL_TOKEN], answer: listAll },
  { method: "GET", path: "/backups/:file", tokenEnvs: [PULL_TOKEN], answer: download },
  { method: "POST", path: "/backups/:file/restore", answer: restoreBackup },
  { method: "PUT", path: "/backups/uploads/:file", takesStream: true, answer: upload },
  { method: "POST", path: "/backups/uploads/:file/restore", answer: restoreUpload },
  { method: "GET", path: "/backup-status", answer: showStatus },
  { method: "GET", path: "/migrations", answer: showMigrations },
  { method: "POST", path: "/migrations/run", answer: runMigrations },
  { method: "GET", path: "/system-info", answer: showSystem },
];

/** chorizaurio's admin paths with their bodies. The Bearer token is the operators' one, no login of the app. */
export const opsPreset: OpsPreset = { refusalBody: errorBody, routes: ROUTES.map(limited) };

function limited({ path, answer, ...route }: OpsRoute): OpsRoute {
  const whole = `${ADMIN_PATH}${path}`;
  return {
    ...route,
    path: whole,
    answer: async (exchange) => {
      countRequest(exchange, whole, REQUESTS_PER_MINUTE);
      return answer(exchange);
    },
  };
}

async function backUpNow(exchange: OpsExchange): Promise<Response> {
  const { ops } = exchange;
  const runId = await takeBackup(exchange, ADMIN);
  const record = await ops.runs.endOf(runId);
  const filename = record?.details["file"];
  if (record?.status !== "ok" || typeof filename !== "string") {
    const why = record?.error ?? record?.details["reason"] ?? record?.status ?? "it did not start";
    throw new Refusal(503, `no backup was made: ${String(why)}`);
  }
  const backup = await backupNamed(ops.process, filename);
  return jsonAnswer(200, { success: true, backup: backupBody(backup) });
}

async function listAll({ ops: { process } }: OpsExchange): Promise<Response> {
  const set = setOf(process);
  return jsonAnswer(200, listBody(set, await listBackups(set), intervalHours(process, set)));
}

function download({ ops, params, request }: OpsExchange): Promise<Response> {
  return downloadBackup(ops.process, params["file"] ?? "", request.signal);
}

async function showStatus({ ops: { process } }: OpsExchange): Promise<Response> {
  const set = setOf(process);
  return jsonAnswer(200, statusBody(await schedulerOf(process, set), await listBackups(set)));
}

async function showMigrations({ ops }: OpsExchange): Promise<Response> {
  return jsonAnswer(200, migrationsBody(await viewMigrations(ops.process)));
}

async function runMigrations(exchange: OpsExchange): Promise<Response> {
  const { executed, failed } = await runMigrationsByHand(exchange);
  const [first] = failed;
  if (first) throw new Refusal(500, `migration ${first.name}: ${first.error}`);
  return jsonAnswer(200, { success: true, executed, count: executed.length });
}

async function showSystem({ ops: { process, startedAt } }: OpsExchange): Promise<Response> {
  const { system, environment } = process.manifest;
  const set = setOf(process);
  const backups = await listBackups(set);
  const { bsize, blocks, bavail } = await statfs(dirname(set.database));
  const database = await stat(set.database).catch(() => undefined);
  const nowMs = process.clock.now().getTime();
  return jsonAnswer(200, {
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
  throw new Refusal(404, "there are no backups here: no job takes them");
}
