import { afterAll, expect, test, vi } from "vitest";
import { loadStack } from "../../infra/stack.ts";
import { query } from "../../runtime/testing/postgres.ts";
import { startRedis, type TestRedis, withRedis } from "../../runtime/testing/redis.ts";
import { usePostgres } from "../../runtime/testing/servers.ts";
import { requireCapability } from "../capabilities.ts";
import { INTERNAL_KEY, type JoslynScene, openJoslyn, STACK } from "./joslyn-scene.ts";
import { WAIT } from "./system-scene.ts";

/** The checklist of joslyn-ai on the real stack. Each test continues from the previous one. */
const HOUR_SECONDS = 3600;
const DAY_SECONDS = 24 * HOUR_SECONDS;

const postgres = usePostgres();

let joslyn: JoslynScene;
let database: string;
let queue: TestRedis;

afterAll(async () => {
  await joslyn?.close();
  await queue?.stop();
});

test("boot logs show `prisma migrate deploy` followed by extension scripts, and API startup logs the scanner's readiness", async (context) => {
  await requireCapability(context, "redis");
  queue = await startRedis();
  database = await (await postgres(context)).freshDatabase();
  joslyn = await openJoslyn({ database, queue: queue.url });

  const migration = (await joslyn.system.logs("api", "prisma ")).join("\n");
  expect(migration).toMatch(/prisma migrate deploy[^]*extensions\.sql[^]*rls\.sql/);
  expect((await joslyn.system.logs("api", '"gate":"clamav"')).join()).toContain("a gate is open");
});

test("Uptime checks: web `GET /` 200, API `GET /health` { ok: true }, worker `GET /health`", async () => {
  const web = await joslyn.ask("web", "/");
  const api = await joslyn.ask("api", "/health");
  const worker = await joslyn.ask("worker", "/health");

  expect([web.status, web.text]).toEqual([200, expect.stringContaining("Joslyn AI")]);
  expect([api.status, api.body]).toEqual([200, { ok: true }]);
  expect(worker).toMatchObject({
    status: 200,
    body: { ok: true, status: "ok", reasons: [], state: { current_job: null } },
  });
});

test("API queues: `GET /internal/metrics/queues` requires x-internal-key", async () => {
  const path = "/internal/metrics/queues";

  const closed = [
    (await joslyn.ask("api", path)).status,
    (await joslyn.ask("api", path, "wrong")).status,
  ];
  const metrics = await vi.waitFor(async () => {
    const body = await joslyn.queueMetrics();
    expect(body["job_runs"]).not.toBeNull();
    return body;
  }, WAIT);

  expect(closed).toEqual([401, 401]);
  expect(metrics).toEqual({
    queues: { jobs: 0, "jobs:dead": 0 },
    job_runs: { pending: 0, processing: 0, done: 0, error: 0 },
    webhooks: {},
  });
});

test("Worker: `GET /metrics` for counters, retries, latency, queue depth", async () => {
  await joslyn.sendJobs("good", 2);
  await joslyn.sendJobs("retried", 1, 1);
  await vi.waitFor(async () => {
    expect([await joslyn.doneJobs("good"), await joslyn.doneJobs("retried")]).toEqual([2, 1]);
  }, WAIT);

  const metrics = await vi.waitFor(async () => {
    const { body } = await joslyn.ask("worker", "/metrics");
    expect(body).toMatchObject({ counters: { success: { "ingest-pdf": 3 } } });
    return body;
  }, WAIT);

  expect(metrics).toMatchObject({
    counters: { attempts: { "ingest-pdf": 4 }, retries: { "ingest-pdf": 1 }, failure: {} },
    latency_seconds: { "ingest-pdf": { count: 3 } },
    queue_depths: { jobs: expect.any(Number) },
  });
});

test("Scheduled Jobs: the crons of the table are deployed with the frequencies of the table", () => {
  const { jobs, inServiceJobs } = loadStack(STACK).model;

  expect(jobs.map(({ key, schedule }) => [key, schedule.utcCron])).toEqual([
    ["dead-letter-trim", "0 * * * *"],
    ["database-purge", "30 4 * * *"],
    ["metrics-snapshot", "0 * * * *"],
  ]);
  expect(inServiceJobs.map(({ key, uses, schedule }) => [key, uses, schedule])).toEqual([
    ["webhook-reconcile", "reconcile", "by hand"],
    ["requeue-dead-letter", "dead-letter-requeue", "by hand"],
    ["stuck-job-sweep", "queue-sweep", "every 5m"],
    ["ingest-pdf", "command", "by hand"],
  ]);
});

test("Dead-letter trim, hourly: the newest DEAD_LETTER_KEEP stay; Metrics snapshot, hourly: the worker's numbers are stored", async () => {
  const entries = Array.from({ length: 130 }, (_, n) => `old-${n}`);
  await withRedis(queue.url, (client) => client.rpush("jobs:dead", ...entries));
  const before = Date.now();

  await joslyn.system.passTime(HOUR_SECONDS);

  const trim = await joslyn.recordSince("dead-letter-trim", before);
  const snapshot = await joslyn.recordSince("metrics-snapshot", before);
  expect(trim).toMatchObject({
    status: "ok",
    actor: "schedule",
    details: { queue: "jobs:dead", length: 130, kept: 100, trimmed: 30 },
  });
  expect(await withRedis(queue.url, (client) => client.lindex("jobs:dead", 0))).toBe("old-30");
  expect(snapshot).toMatchObject({
    status: "ok",
    details: { metrics: { counters: { success: { "ingest-pdf": 3 } } } },
  });
});

test("Alerts: `jobs:dead` > 0 and growing", async () => {
  expect(await joslyn.alertOf("rule/dead-letters")).toContain("is above 0");
  expect(await joslyn.alertOf("rule/dead-letters-growing")).toContain("grew by 1");

  await withRedis(queue.url, (client) => client.del("jobs:dead"));

  expect(await joslyn.alertOf("rule/dead-letters", "resolved")).toContain("over");
});

test("Database purge, daily: rows older than 90 days go, by table", async () => {
  await query(
    database,
    `INSERT INTO job_runs (id, created_at) VALUES ('ancient', now() - interval '91 days');
     INSERT INTO notifications SELECT n::text, now() - interval '91 days' FROM generate_series(1, 3) n;
     INSERT INTO events VALUES ('young', now() - interval '89 days')`,
  );
  const before = Date.now();

  await joslyn.system.passTime(DAY_SECONDS);

  expect(await joslyn.recordSince("database-purge", before)).toMatchObject({
    status: "ok",
    details: {
      retentionDays: 90,
      deleted: { job_runs: 1, notifications: 3, events: 0 },
      total: 4,
    },
  });
});

test("Alerts: Queue depth above threshold (`jobs` backlog)", async () => {
  await joslyn.pauseWorker(true);
  await joslyn.sendJobs("backlog", 60);

  expect(await joslyn.alertOf("rule/backlog")).toMatch(/backlog: [56]\d is above 50/);
  const depth = await joslyn.queueLength("jobs");
  await vi.waitFor(async () => {
    const told = { queues: { jobs: depth }, job_runs: { pending: depth } };
    expect(await joslyn.queueMetrics()).toMatchObject(told);
  }, WAIT);

  await joslyn.pauseWorker(false);
  expect(await joslyn.alertOf("rule/backlog", "resolved")).toContain("over");
  await vi.waitFor(async () => expect(await joslyn.doneJobs("backlog")).toBe(60), WAIT);
});

test("Alerts: Job failure spikes (`job.failed`, `job.dead_letter` events)", async () => {
  await joslyn.sendJobs("bad", 12, 9);

  expect(await joslyn.alertOf("rule/job-failures")).toContain("a minute within 10 min");
  expect(await joslyn.alertOf("rule/job-dead-letters")).toContain("a minute within 10 min");
  await vi.waitFor(async () => expect(await joslyn.queueLength("jobs:dead")).toBe(12), WAIT);
  expect(await joslyn.system.logs("worker", '"event":"job.dead_letter"')).toHaveLength(12);
  expect(await joslyn.ask("worker", "/health")).toMatchObject({
    status: 503,
    body: { status: "failing", state: { consecutive_failures: 12 } },
  });
});

test("After recovery of Redis, inspect `jobs:dead` for failures and requeue manually", async () => {
  const shown = await joslyn.system.ask("api", "/ops/queues");
  expect(await shown.json()).toMatchObject({
    queues: expect.arrayContaining([{ name: "jobs:dead", kind: "list", length: 12 }]),
  });

  const actor = "manual ana";
  const first = { actor, input: { max: 5 } };
  const some = await joslyn.system.runJob("api", "requeue-dead-letter", first);
  const rest = await joslyn.system.runJob("api", "requeue-dead-letter", { actor });

  expect([some, rest]).toMatchObject([
    { actor, details: { input: { max: 5 }, length: 12, moved: 5, left: 7 } },
    { details: { length: 7, moved: 7, left: 0 } },
  ]);
  // The cause of their failure is fixed by now.
  await vi.waitFor(async () => expect(await joslyn.doneJobs("bad")).toBe(12), WAIT);
  expect(await joslyn.queueLength("jobs:dead")).toBe(0);
});

test("Stuck job sweep: built-in visibility requeue handles this; repeated `job.requeued` events are told", async () => {
  await joslyn.leaveStuck("stuck", 4);

  expect(await joslyn.alertOf("rule/requeues")).toContain("4 is above 3");
  const [sweep] = await joslyn.system.records("worker", "stuck-job-sweep");
  expect(sweep).toMatchObject({ actor: "app", status: "ok", details: { requeued: 4 } });
  expect(await joslyn.queueLength("jobs:processing")).toBe(0);
});

test("Stripe webhook issues: `webhooks.*` counters, their alert, and `pnpm webhooks:reconcile`", async () => {
  await joslyn.send("/webhooks/stripe", { id: "w1", event: "invoice.paid", outcome: "processed" });
  await joslyn.send("/webhooks/stripe", { id: "w2", event: "invoice.paid", outcome: "failed" });
  await joslyn.send("/webhooks/stripe", { id: "w3", event: "invoice.broken", outcome: "failed" });

  expect((await joslyn.queueMetrics())["webhooks"]).toEqual({
    "invoice.paid.processed": 1,
    "invoice.paid.failed": 1,
    "invoice.broken.failed": 1,
  });
  expect(await joslyn.alertOf("rule/webhook-failures")).toContain("more than 0");
  const one = await joslyn.system.runJob("api", "webhook-reconcile", { input: { limit: 1 } });
  const all = await joslyn.system.runJob("api", "webhook-reconcile");
  expect([one, all]).toMatchObject([
    { status: "ok", details: { limit: 1, result: { resolved: 1, failed: 0 } } },
    { status: "ok", details: { limit: 20, result: { resolved: 0, failed: 1 } } },
  ]);
  const { text } = await joslyn.ask("api", "/internal/metrics/prometheus", INTERNAL_KEY);
  expect(text).toContain('joslyn_webhook_events_total{event="invoice.paid",outcome="failed"} 1');
});

test("Alerts: Render cron failures", async () => {
  await query(database, "ALTER TABLE events RENAME TO events_gone");
  const before = Date.now();

  await joslyn.system.passTime(DAY_SECONDS);

  const failed = await joslyn.recordSince("database-purge", before);
  expect(failed).toMatchObject({ status: "failed", exitCode: 78 });
  expect(failed.error).toContain('there is no table "events"');
  expect(await joslyn.alertOf("database-purge/fail", "fail")).toContain("database-purge failed");
  await query(database, "ALTER TABLE events_gone RENAME TO events");
});

test("Redis down: queue ingestion pauses, the depth is unknown and never 0, and work goes on after recovery", async () => {
  await queue.stop();

  await vi.waitFor(async () => {
    expect(await joslyn.queueMetrics()).toMatchObject({
      queues: { jobs: null, "jobs:dead": null },
      errors: { jobs: "connection refused", "jobs:dead": "connection refused" },
    });
  }, WAIT);
  expect((await joslyn.ask("api", "/health")).status).toBe(200);
  expect((await joslyn.ask("api", "/readyz")).status).toBe(503);
  expect(await joslyn.alertOf("rule/backlog/source")).toContain("its source cannot be read");
  queue = await startRedis({ port: queue.port });

  await joslyn.sendJobs("after", 1);
  await vi.waitFor(async () => expect(await joslyn.doneJobs("after")).toBe(1), WAIT);
  expect(await joslyn.alertOf("rule/backlog/source", "resolved")).toContain("can be read again");
});

test("S3 outages: an overlay switches S3_ENDPOINT, and a redeploy keeps what was recorded", async () => {
  const before = await joslyn.system.records("api", "dead-letter-trim");
  const usual = await joslyn.ask("api", "/settings");

  const said = await joslyn.system.opspec("up", STACK, "--local", "--overlay", "s3-outage");

  expect(said.code, said.stdout + said.stderr).toBe(0);
  expect(usual.body).toEqual({ s3: "https://s3.us-west-2.amazonaws.com" });
  await vi.waitFor(async () => {
    const { body } = await joslyn.ask("api", "/settings");
    expect(body).toEqual({ s3: "https://s3.eu-central-1.amazonaws.com" });
  }, WAIT);
  const after = await joslyn.system.records("api", "dead-letter-trim");
  expect(after.slice(-before.length)).toEqual(before);
});

test("the API health gate blocks startup if the scanner is unreachable while fail-closed, and only 0 opens it", async () => {
  await joslyn.outside.stopScanner();
  joslyn.system.edit((spec) =>
    spec.replace("RUN_MIGRATIONS: false", "RUN_MIGRATIONS: false\n      RELEASE: 2"),
  );

  const refused = await joslyn.system.up();
  const still = await joslyn.ask("api", "/health");
  joslyn.system.edit((spec) => spec.replace("CLAMAV_FAIL_CLOSED: 1", "CLAMAV_FAIL_CLOSED: 0"));
  const opened = await joslyn.system.up();

  expect(refused.code).not.toBe(0);
  expect((await joslyn.system.logs("api", "clamav")).join("\n")).toContain("clamav");
  expect(still.body).toEqual({ ok: true });
  expect(opened.code, opened.stdout + opened.stderr).toBe(0);
  expect((await joslyn.system.logs("api", "a gate is closed")).length).toBeGreaterThan(0);
});
