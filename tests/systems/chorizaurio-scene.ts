import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { gzipSync } from "node:zlib";
import { vi } from "vitest";
import { z } from "zod";
import type { RunRecord, RunStatus } from "../../runtime/src/contract/run-record.ts";
import { CHECKOUT } from "../../scripts/workspace/paths.ts";
import { openSystem, type System, WAIT } from "./system-scene.ts";

/** The service of the runbook. */
export const SERVICE = "backend";

/** Number of rows of the seed, enough for the restore drill's minimum size of a backup. */
export const SEED_USERS = 400;

/** The fields of a backup on the admin page that the tests use. */
export interface BackupBody {
  readonly filename: string;
  readonly reason: string;
}

/** The result of a pull. */
export interface Pulled {
  readonly code: number;
  readonly text: string;
}

/** chorizaurio on this machine: the system, the PC in the shop, and the receiver of alerts. */
export interface Chorizaurio {
  readonly system: System;
  /** The directory of its disk. */
  readonly disk: string;
  /** The folder of pulled backups on the PC. */
  readonly pc: string;
  /** The alerts that the webhook received. */
  readonly alerts: readonly Record<string, unknown>[];
  /** The body of a backend answer. */
  json(path: string, init?: RequestInit): Promise<Record<string, unknown>>;
  post(path: string, body?: object): Promise<Response>;
  /** Places an order; returns the status of the answer. */
  order(nota: string): Promise<number>;
  orders(): Promise<unknown[]>;
  /** Places orders during an action; returns the statuses of all answers. */
  whileOrdering(work: () => Promise<unknown>): Promise<ReadonlySet<number>>;
  statusOf(path: string, token?: string | null): Promise<number>;
  /** The runbook's manual backup. */
  backupNow(body?: object): Promise<BackupBody>;
  /** The result of the last restore drill of each backup, newest first; null without one. */
  drills(): Promise<unknown[]>;
  /** Requests a restore and waits for the record of its run. */
  restore(path: string, file: string): Promise<RunRecord>;
  /** Waits for a run of a job with this status. */
  ended(job: string, status: RunStatus, details: RunRecord["details"]): Promise<RunRecord>;
  /** Pulls backups as the task on the PC does. */
  pull(env?: Readonly<Record<string, string>>): Promise<Pulled>;
  close(): Promise<void>;
}

/** Deploys the stack with the stand-in, a seed database and schedules that can be waited for. */
export async function openChorizaurio(): Promise<Chorizaurio> {
  const alerts: Record<string, unknown>[] = [];
  const webhook = await openWebhook(alerts);
  const { port } = webhook.address() as AddressInfo;
  const system = await openSystem({
    stack: "chorizaurio",
    apps: { "https://github.com/example/chorizaurio": "chorizaurio" },
    secrets: { OPS_WEBHOOK_URL: `http://127.0.0.1:${port}/hook`, SEED_DB: seedText() },
    edit: (spec) => hasten(spec.replace(/^( +start: ).*gunicorn.*$/m, "$1python3 app.py")),
  });
  const pc = mkdtempSync(join(tmpdir(), "opspec-pc-"));
  const json: Chorizaurio["json"] = async (path, init) => {
    const answer = await system.ask(SERVICE, path, init);
    return (await answer.json()) as Record<string, unknown>;
  };
  const post: Chorizaurio["post"] = (path, body = {}) =>
    system.ask(SERVICE, path, { method: "POST", body: JSON.stringify(body) });
  return {
    system,
    disk: await system.disk(SERVICE),
    pc,
    alerts,
    json,
    post,
    ...deeds(system, post),
    orders: async () => (await json("/api/pedidos"))["pedidos"] as unknown[],
    drills: async () => {
      const { sets } = Listing.parse(await json("/ops/backups"));
      return sets.flatMap(({ backups }) => backups.map(({ drill }) => drill?.outcome ?? null));
    },
    pull: async (env = {}) => {
      const service = await system.cloud.service("chorizaurio", SERVICE);
      return runPull({
        OPSPEC_PULL_URL: service.url,
        OPSPEC_PULL_TOKEN: await system.cloud.variable(service, "BACKUP_PULL_TOKEN"),
        OPSPEC_PULL_DIRECTORY: pc,
        OPSPEC_PULL_RETRY_SECONDS: "0",
        ...env,
      });
    },
    close: async () => {
      await system.close();
      webhook.closeAllConnections();
      webhook.close();
      rmSync(pc, { recursive: true, force: true });
    },
  };
}

const Drilled = z.object({ drill: z.nullable(z.object({ outcome: z.string() })) });
const Listing = z.object({ sets: z.array(z.object({ backups: z.array(Drilled) })) });

function deeds(
  system: System,
  post: Chorizaurio["post"],
): Pick<Chorizaurio, "order" | "whileOrdering" | "statusOf" | "backupNow" | "restore" | "ended"> {
  const order: Chorizaurio["order"] = async (nota) => (await post("/api/pedidos", { nota })).status;
  return {
    order,
    whileOrdering: async (work) => {
      const over = new AbortController();
      const ordering = (async () => {
        const statuses = new Set<number>();
        while (!over.signal.aborted) statuses.add(await order("mientras"));
        return statuses;
      })();
      await work().finally(() => over.abort());
      return ordering;
    },
    statusOf: async (path, token) => {
      const init = token === undefined ? {} : { token };
      return (await system.ask(SERVICE, path, init)).status;
    },
    backupNow: async (body = {}) => {
      const answer = await post("/api/admin/backup-now", body);
      const text = await answer.text();
      if (answer.status !== 200) throw new Error(`${answer.status} ${text}`);
      return (JSON.parse(text) as { backup: BackupBody }).backup;
    },
    restore: async (path, file) => {
      const started = await post(path, { confirm: file, actor: "manual ana" });
      const text = await started.text();
      if (started.status > 202) throw new Error(`${started.status} ${text}`);
      const { runId } = JSON.parse(text) as { runId: string };
      return vi.waitFor(async () => {
        const answer = await system.ask(SERVICE, `/ops/runs/${runId}`);
        if (answer.status !== 200) throw new Error(`the restore is not over: ${answer.status}`);
        return (await answer.json()) as RunRecord;
      }, WAIT);
    },
    ended: (job, status, details) =>
      vi.waitFor(async () => {
        const records = await system.records(SERVICE, job);
        const wanted = Object.entries(details);
        const found = records.find(
          (it) => it.status === status && wanted.every(([key, value]) => it.details[key] === value),
        );
        if (!found) throw new Error(`${job}: ${JSON.stringify(records.slice(0, 5))}`);
        return found;
      }, WAIT),
  };
}

/** Long schedules become one minute. */
function hasten(spec: string): string {
  return spec
    .replace(PERIODIC, "{ every: 1m, onStart: true }")
    .replace(ALIGNED, '{ cron: "* * * * *" }')
    .replace(DRILL, "{ every: 1m }")
    .replace(SPACED, "$1      spacingSeconds: 0\n");
}

/** Restores the schedules of the stack. */
export function unhasten(spec: string): string {
  return spec
    .replace("{ every: 1m, onStart: true }", PERIODIC)
    .replace('{ cron: "* * * * *" }', ALIGNED)
    .replace("{ every: 1m }", DRILL)
    .replace("      spacingSeconds: 0\n", "");
}

const PERIODIC = "{ every: 6h, onStart: true, from: { everyHours: BACKUP_INTERVAL_HOURS } }";
const ALIGNED = '{ daily: "22:00", from: { hour: BACKUP_TIME_HOUR, timezone: BACKUP_TIMEZONE } }';
const DRILL = '{ cron: "0 3 * * SUN", timezone: UTC }';
const SPACED = /(backup-periodic:[\s\S]*?prefix: ventas_\n)/;

/** The initial database of an empty disk in the runbook's form: gzip in base64. */
function seedText(): string {
  const directory = mkdtempSync(join(tmpdir(), "opspec-seed-"));
  const path = join(directory, "seed.db");
  const seed = new DatabaseSync(path);
  seed.exec("CREATE TABLE usuarios (id INTEGER PRIMARY KEY, nombre TEXT NOT NULL)");
  const insert = seed.prepare("INSERT INTO usuarios (nombre) VALUES (?)");
  for (let user = 1; user <= SEED_USERS; user += 1) insert.run(`usuario ${user} de la semilla`);
  seed.close();
  const text = gzipSync(readFileSync(path)).toString("base64");
  rmSync(directory, { recursive: true });
  return text;
}

async function openWebhook(alerts: Record<string, unknown>[]): Promise<Server> {
  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (part: string) => void (text += part));
    request.on("end", () => {
      alerts.push(JSON.parse(text));
      response.end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

async function runPull(env: Readonly<Record<string, string>>): Promise<Pulled> {
  const script = join(CHECKOUT, "runtime", "pull", "opspec-pull.mts");
  const child = spawn(process.execPath, [script], {
    env: { PATH: process.env["PATH"], ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (part: string) => void (text += part));
  }
  const [code]: unknown[] = await once(child, "close");
  return { code: Number(code), text };
}

/** Changes a database from outside the app. */
export function execute(file: string, statement: string): void {
  const database = new DatabaseSync(file);
  database.exec(statement);
  database.close();
}

/** The first column of a query's rows in a SQLite file. */
export function valuesIn(file: string, query: string): unknown[] {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return database
      .prepare(query)
      .all()
      .map((row) => Object.values(row)[0]);
  } finally {
    database.close();
  }
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
