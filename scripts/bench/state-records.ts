import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MANIFEST_VERSION, renderManifest, type RuntimeManifest } from "@opspec/runtime/contract";
import { RUNTIME_VERSION } from "@opspec/runtime/version";
import type { RunRecord } from "../../runtime/src/contract/run-record.ts";
import { openSqlite } from "../../runtime/src/databases/sqlite-database.ts";
import { ensureRecords, openRecords } from "../../runtime/src/state/records.ts";
import { freePort } from "../../runtime/testing/server-process.ts";
import { CHECKOUT } from "../workspace/paths.ts";
import { elapsedMs, type Figure, median } from "./figure.ts";

/** The records of a large stack: 400 jobs with 500 kept records each. */
const JOBS = 400;
const RECORDS = 500;

const TOKEN = "token-of-the-bench";

/** Number of requests, of which the median counts. */
const REQUESTS = 9;

/** Start limit of the runtime, in ms. */
const START_LIMIT_MS = 60_000;

let measurement: Promise<Measurement> | undefined;

/** The effect of many run records on a start, the list of jobs, and health. */
export const stateRecords: readonly Figure[] = [
  {
    name: "records-start",
    unit: "ms more",
    bar: 2000,
    measure: async () => {
      const { empty, full } = await measured();
      const detail = `${full.startMs.toFixed(0)} ms to /healthz, ${empty.startMs.toFixed(0)} ms without records`;
      return { value: Math.max(0, Math.round(full.startMs - empty.startMs)), detail };
    },
  },
  {
    name: "records-ops-jobs",
    unit: "ms",
    bar: 100,
    measure: async () => {
      const { empty, full } = await measured();
      const detail = `p50 of ${REQUESTS}, ${JOBS} jobs; ${median(empty.jobsMs).toFixed(0)} ms without records`;
      return { value: Math.round(median(full.jobsMs)), detail };
    },
  },
  {
    name: "records-healthz",
    unit: "ms",
    bar: 100,
    measure: async () => {
      const { full } = await measured();
      return {
        value: Math.round(full.healthzMs),
        detail: `longest /healthz while /ops/jobs is asked, ${JOBS * RECORDS} records`,
      };
    },
  },
];

interface Measurement {
  readonly empty: ServerFigures;
  readonly full: ServerFigures;
}

interface ServerFigures {
  readonly startMs: number;
  readonly jobsMs: readonly number[];
  readonly healthzMs: number;
}

function measured(): Promise<Measurement> {
  return (measurement ??= measure());
}

async function measure(): Promise<Measurement> {
  const directory = mkdtempSync(join(tmpdir(), "opspec-records-"));
  try {
    await measureServer(directory);
    const empty = await measureServer(directory);
    await fill(join(directory, "state.db"));
    return { empty, full: await measureServer(directory) };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function fill(path: string): Promise<void> {
  const database = openSqlite(path);
  await ensureRecords(database);
  await database.transaction("fill the records", async (query) => {
    const records = openRecords(database, { namespace: "", query });
    for (let at = 0; at < RECORDS; at += 1) {
      for (let job = 0; job < JOBS; job += 1) await records.finish(recordOf(job, at));
    }
  });
  await database.close();
}

async function measureServer(directory: string): Promise<ServerFigures> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const startedMs = performance.now();
  const child = start(directory, port);
  try {
    await untilHealthy(url, child);
    const startMs = performance.now() - startedMs;
    const done = new AbortController();
    let healthzMs = 0;
    const watch = (async () => {
      while (!done.signal.aborted) {
        healthzMs = Math.max(healthzMs, await elapsedMs(() => fetch(`${url}/healthz`)));
        await sleep(5);
      }
    })();
    const jobsMs: number[] = [];
    for (let count = 0; count < REQUESTS; count += 1) {
      jobsMs.push(await elapsedMs(() => readJobs(url)));
    }
    done.abort();
    await watch;
    return { startMs, jobsMs, healthzMs };
  } finally {
    child.kill("SIGKILL");
    await once(child, "exit");
  }
}

async function readJobs(url: string): Promise<void> {
  const answer = await fetch(`${url}/ops/jobs`, { headers: { "x-ops-token": TOKEN } });
  const { jobs } = (await answer.json()) as { jobs: readonly unknown[] };
  if (jobs.length !== JOBS) throw new Error(`/ops/jobs shows ${jobs.length} jobs`);
}

async function untilHealthy(url: string, child: ChildProcess): Promise<void> {
  const limit = performance.now() + START_LIMIT_MS;
  while (performance.now() < limit && child.exitCode === null) {
    const answer = await fetch(`${url}/healthz`).catch(() => undefined);
    if (answer?.ok) return;
    await sleep(10);
  }
  throw new Error(`the runtime is not healthy after ${START_LIMIT_MS} ms`);
}

function start(directory: string, port: number): ChildProcess {
  const path = join(directory, "opspec-manifest.json");
  writeFileSync(path, renderManifest(manifestOf()));
  const main = join(CHECKOUT, "runtime/src/main.ts");
  const app = `${process.execPath} ${join(CHECKOUT, "runtime/testing/app-fixture.mjs")}`;
  return spawn(process.execPath, ["--no-warnings", main, "supervise", "--", `exec ${app}`], {
    cwd: directory,
    env: {
      PATH: process.env["PATH"],
      PORT: String(port),
      OPSPEC_MANIFEST: path,
      OPSPEC_OPS_TOKEN: TOKEN,
    },
    stdio: ["ignore", "ignore", "inherit"],
  });
}

function manifestOf(): RuntimeManifest {
  return {
    version: MANIFEST_VERSION,
    runtime: RUNTIME_VERSION,
    system: "bench",
    stack: "bench",
    environment: "production",
    process: "web",
    timezone: "UTC",
    app: { front: true, graceSeconds: 5 },
    stores: {
      records: { kind: "sqlite", path: "state.db" },
      coordination: { kind: "sqlite", path: "state.db" },
    },
    jobs: Array.from({ length: JOBS }, (_, job) => ({
      name: jobName(job),
      uses: "command",
      command: "true",
      startedBy: "schedule" as const,
      schedule: { pattern: `${job % 60} 3 * * *`, timezone: "UTC" },
      alerts: { on: ["fail", "late", "stuck", "recovered"] },
    })),
  } as RuntimeManifest;
}

function recordOf(job: number, at: number): RunRecord {
  const time = new Date(Date.now() - (RECORDS - at) * 3_600_000).toISOString();
  return {
    job: jobName(job),
    runId: `${jobName(job)}-${at}`,
    scheduledFor: time,
    startedAt: time,
    actor: "schedule",
    host: "bench",
    commit: null,
    fence: at + 1,
    status: at % 10 === 0 ? "failed" : "ok",
    durationMs: 1200,
    attempt: 1,
    exitCode: 0,
    error: null,
    details: { sent: 3, note: "x".repeat(200) },
  };
}

function jobName(job: number): string {
  return `job-${job}`;
}
