import { vi } from "vitest";
import type { RunRecord } from "../../runtime/src/contract/run-record.ts";
import { query } from "../../runtime/testing/postgres.ts";
import { withRedis } from "../../runtime/testing/redis.ts";
import { type JoslynOutside, startJoslynOutside } from "./joslyn-outside.ts";
import { withStandIns } from "./joslyn-stand-in.ts";
import { openSystem, type System, WAIT } from "./system-scene.ts";

export const STACK = "joslyn-ai";

export const INTERNAL_KEY = "internal-key-of-joslyn-ai-0123456789";

/** An answer with its JSON body. */
export interface Answered {
  readonly status: number;
  readonly text: string;
  readonly body: Record<string, unknown>;
}

/** joslyn-ai on this machine, and the actions of its operators and customers. */
export interface JoslynScene {
  readonly system: System;
  readonly outside: JoslynOutside;
  /** Sends a request, with or without the internal key. */
  ask(service: string, path: string, key?: string): Promise<Answered>;
  /** The API's view of its queues, job runs and webhooks. */
  queueMetrics(): Promise<Answered["body"]>;
  send(path: string, body: object): Promise<void>;
  /** Adds tasks for the worker; each fails this many times before it succeeds. */
  sendJobs(name: string, count: number, fails?: number): Promise<void>;
  /** The number of finished tasks in the database. */
  doneJobs(name: string): Promise<number>;
  /** Pauses the worker, as a long task would. */
  pauseWorker(isPaused: boolean): Promise<void>;
  /** Adds entries that a worker claimed long ago and never finished. */
  leaveStuck(name: string, count: number): Promise<void>;
  queueLength(key: string): Promise<number>;
  /** The first run record of a job after a time. */
  recordSince(job: string, sinceMs: number): Promise<RunRecord>;
  /** Waits for an alert and returns its title. */
  alertOf(key: string, kind?: string): Promise<string>;
  close(): Promise<void>;
}

/** Deploys the stack with stand-ins for the three apps, on a real Postgres and Redis. */
export async function openJoslyn(stores: {
  readonly database: string;
  readonly queue: string;
}): Promise<JoslynScene> {
  const outside = await startJoslynOutside();
  const system = await openSystem({
    stack: STACK,
    apps: { "https://github.com/example/joslyn-ai": "joslyn-ai" },
    stores: { "joslyn-ai-main": stores.database, "joslyn-ai-queue": stores.queue },
    secrets: { OPS_WEBHOOK_URL: outside.webhookUrl, INTERNAL_API_KEY: INTERNAL_KEY },
    edit: withStandIns(outside.clamavPort),
  }).catch(async (error: unknown) => {
    await outside.close();
    throw error;
  });
  return {
    system,
    outside,
    ...customers(system),
    ...stored(stores),
    recordSince: (job, sinceMs) => recordSince(system, job, sinceMs),
    alertOf: (key, kind = "rule") => alertOf(outside, key, kind),
    close: async () => {
      await system.close();
      await outside.close();
    },
  };
}

function customers(
  system: System,
): Pick<JoslynScene, "ask" | "queueMetrics" | "send" | "sendJobs"> {
  const send: JoslynScene["send"] = async (path, body) => {
    const init = { method: "POST", body: JSON.stringify(body), token: null };
    const answer = await system.ask("api", path, init);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  };
  const ask: JoslynScene["ask"] = async (service, path, key) => {
    const headers: Record<string, string> = key === undefined ? {} : { "x-internal-key": key };
    const answer = await system.ask(service, path, { token: null, headers });
    const text = await answer.text();
    const body = text.startsWith("{") ? (JSON.parse(text) as Answered["body"]) : {};
    return { status: answer.status, text, body };
  };
  return {
    ask,
    send,
    queueMetrics: async () => (await ask("api", "/internal/metrics/queues", INTERNAL_KEY)).body,
    sendJobs: (name, count, fails = 0) => {
      const ids = Array.from({ length: count }, (_, n) => `${name}-${n}`);
      return send("/jobs", { jobs: ids.map((id) => ({ id, kind: "ingest-pdf", fails })) });
    },
  };
}

function stored({
  database,
  queue,
}: {
  readonly database: string;
  readonly queue: string;
}): Pick<JoslynScene, "doneJobs" | "pauseWorker" | "leaveStuck" | "queueLength"> {
  return {
    doneJobs: async (name) => {
      const text = "SELECT id FROM job_runs WHERE id LIKE $1 AND status = 'done'";
      return (await query(database, text, [`${name}-%`])).length;
    },
    pauseWorker: async (isPaused) => {
      await withRedis(queue, async (client) => {
        await (isPaused ? client.set("stand-in:paused", "1") : client.del("stand-in:paused"));
      });
    },
    leaveStuck: (name, count) =>
      withRedis(queue, async (client) => {
        for (let n = 0; n < count; n += 1) {
          const id = `${name}-${n}`;
          const entry = JSON.stringify({ id, kind: "ingest-pdf" });
          await client.lpush("jobs:processing", entry);
          await client.hset("jobs:claims", id, entry);
          await client.zadd("jobs:visibility", "1", id);
        }
      }),
    queueLength: (key) => withRedis(queue, (client) => client.llen(key)),
  };
}

function recordSince(system: System, job: string, sinceMs: number): Promise<RunRecord> {
  return vi.waitFor(async () => {
    const records = await system.records("api", job);
    const found = records.findLast((it) => Date.parse(it.startedAt) >= sinceMs);
    if (!found) throw new Error(`no run of ${job} yet`);
    return found;
  }, WAIT);
}

function alertOf({ alerts }: JoslynOutside, key: string, kind: string): Promise<string> {
  return vi.waitFor(() => {
    const found = alerts.find((it) => it.kind === kind && it.key?.endsWith(key));
    const known = alerts.map((it) => `${it.kind} ${it.key}`).join(", ");
    if (!found) throw new Error(`no ${kind} of ${key}; there are: ${known}`);
    return found.title;
  }, WAIT);
}
