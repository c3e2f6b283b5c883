import { expect, onTestFinished, test, vi } from "vitest";
import { query } from "../../../testing/postgres.ts";
import { withRedis } from "../../../testing/redis.ts";
import { scratchHealth, type ScratchHealth } from "../../../testing/scratch-health.ts";
import { usePostgres, useRedis } from "../../../testing/servers.ts";

const postgres = usePostgres();
const redis = useRedis();

const KEY = { "x-internal-key": "internal-k" };

async function api(env: Record<string, string>): Promise<ScratchHealth> {
  const scratch = scratchHealth(
    { preset: "joslyn-ai-api" },
    { env: { INTERNAL_API_KEY: "internal-k", ...env } },
  );
  onTestFinished(() => scratch.health.close());
  scratch.health.start();
  await vi.waitFor(
    () => expect(scratch.health.results().every((it) => it.state !== "unknown")).toBe(true),
    { timeout: 10_000 },
  );
  return scratch;
}

test("joslyn-ai's API is healthy with {ok:true} alone", async () => {
  const { get } = scratchHealth({ preset: "joslyn-ai-api" });

  const health = await get("/health");

  expect([health.status, health.body]).toEqual([200, { ok: true }]);
});

test("the internal metrics want the key in x-internal-key; without INTERNAL_API_KEY they are closed", async () => {
  const { get } = scratchHealth({ preset: "joslyn-ai-api" }, { env: { INTERNAL_API_KEY: "k" } });
  const unset = scratchHealth({ preset: "joslyn-ai-api" });

  const statuses = [
    (await get("/internal/metrics/queues")).status,
    (await get("/internal/metrics/queues", { "x-internal-key": "no" })).status,
    (await get("/internal/metrics/prometheus", { authorization: "Bearer k" })).status,
    (await get("/internal/metrics/queues", { "x-internal-key": "k" })).status,
    (await unset.get("/internal/metrics/queues", { "x-internal-key": "" })).status,
  ];

  expect(statuses).toEqual([401, 401, 401, 200, 401]);
});

test("queues, job runs and webhooks are told as JSON and under their Prometheus names", async (context) => {
  const { url, flush } = await redis(context);
  await flush();
  await withRedis(url, (client) => client.rpush("jobs", "a", "b"));
  await withRedis(url, (client) => client.rpush("jobs:dead", "c"));
  const database = await (await postgres(context)).freshDatabase();
  await query(database, "create table job_runs (status text)");
  await query(database, "insert into job_runs values ('done'), ('done'), ('error')");
  const { health, get } = await api({ REDIS_URL: url, DATABASE_URL: database });
  health.noteEvent("webhook", { event: "invoice.paid", outcome: "processed" });
  health.noteEvent("webhook", { event: "invoice.paid", outcome: "processed" });
  health.noteEvent("webhook", { event: "invoice.paid", outcome: 'fail"ed' });

  const queues = await get("/internal/metrics/queues", KEY);
  const prometheus = await get("/internal/metrics/prometheus", KEY);

  expect(queues.body).toEqual({
    queues: { jobs: 2, "jobs:dead": 1 },
    job_runs: { pending: 0, processing: 0, done: 2, error: 1 },
    webhooks: { "invoice.paid.processed": 2, 'invoice.paid.fail"ed': 1 },
  });
  expect(prometheus.headers.get("content-type")).toContain("version=0.0.4");
  expect(prometheus.text.split("\n")).toEqual(
    expect.arrayContaining([
      "# TYPE joslyn_queue_depth gauge",
      'joslyn_queue_depth{queue="jobs"} 2',
      'joslyn_queue_depth{queue="jobs:dead"} 1',
      "# TYPE joslyn_job_runs_total gauge",
      'joslyn_job_runs_total{status="pending"} 0',
      'joslyn_job_runs_total{status="done"} 2',
      "# TYPE joslyn_webhook_events_total counter",
      'joslyn_webhook_events_total{event="invoice.paid",outcome="processed"} 2',
      String.raw`joslyn_webhook_events_total{event="invoice.paid",outcome="fail\"ed"} 1`,
      'joslyn_source_error{source="jobs"} 0',
    ]),
  );
});

test("a source that cannot be read is null with its reason, and absent from Prometheus: never 0", async (context) => {
  const { url, flush } = await redis(context);
  await flush();
  await withRedis(url, (client) => client.set("jobs:dead", "a string"));
  const database = await (await postgres(context)).freshDatabase();
  const { get } = await api({ REDIS_URL: url, DATABASE_URL: database });

  const queues = await get("/internal/metrics/queues", KEY);
  const { text } = await get("/internal/metrics/prometheus", KEY);

  expect(queues.body).toEqual({
    queues: { jobs: 0, "jobs:dead": null },
    job_runs: null,
    webhooks: {},
    errors: {
      "jobs:dead": "the key is a string, not a list, stream or sorted set",
      job_runs: "no such table",
    },
  });
  expect(text).toContain('joslyn_source_error{source="job_runs"} 1');
  expect(text).toContain('joslyn_source_error{source="jobs:dead"} 1');
  expect(text).not.toMatch(/joslyn_queue_depth\{queue="jobs:dead"\}|joslyn_job_runs_total\{/);
});

test("the dead-letter queue is the one that JOB_DEAD_LETTER_QUEUE names", async (context) => {
  const { url } = await redis(context);
  const { get } = await api({ REDIS_URL: url, JOB_DEAD_LETTER_QUEUE: "jobs:buried" });

  const { body } = await get("/internal/metrics/queues", KEY);

  expect(body).toHaveProperty(["queues", "jobs:buried"], 0);
});
