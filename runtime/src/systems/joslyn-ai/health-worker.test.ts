import { expect, onTestFinished, test, vi } from "vitest";
import { withRedis } from "../../../testing/redis.ts";
import { type ManualClock, manualClock, scratchHealth } from "../../../testing/scratch-health.ts";
import { useRedis } from "../../../testing/servers.ts";
import type { Check } from "../../health/check.ts";

const redis = useRedis();

/** A queue of this depth, read at the moment of the answer. */
function queueOf(depth: number): Check {
  return {
    name: "jobs",
    kind: "info",
    probeKind: "queue",
    queue: "jobs",
    read: () => ({ value: depth }),
  };
}

function worker(depth = 0, clock: ManualClock = manualClock(), env: Record<string, string> = {}) {
  return scratchHealth({ preset: "joslyn-ai-worker" }, { env, clock, checks: [queueOf(depth)] });
}

test("a worker that just started is ok, with every field of its state", async () => {
  const { get } = worker();

  const health = await get("/health");

  expect([health.status, health.body]).toEqual([
    200,
    {
      ok: true,
      status: "ok",
      reasons: [],
      state: {
        started_at: "2026-11-22T10:00:00Z",
        last_heartbeat: "2026-11-22T10:00:00Z",
        last_queue_depth_check: "2026-11-22T10:00:00Z",
        queue_depth: 0,
        current_job: null,
        current_kind: null,
        last_job_started: null,
        last_job_finished: null,
        last_success: null,
        last_failure: null,
        consecutive_failures: 0,
      },
    },
  ]);
});

test("a job that runs for more than 300 s is stalled", async () => {
  const clock = manualClock();
  const { health, get } = worker(0, clock);
  health.noteRun({ job: "ingest_pdf", runId: "run-1" });

  clock.advance(300);
  const atLimit = await get("/health");
  clock.advance(1);

  expect(atLimit.status).toBe(200);
  expect(await get("/health")).toMatchObject({
    status: 503,
    body: {
      ok: false,
      status: "stalled",
      reasons: ["job_running_longer_than_threshold"],
      state: { current_job: "run-1", current_kind: "ingest_pdf" },
    },
  });
});

test("work that waits with no success for more than 300 s is backlog_stalled", async () => {
  const clock = manualClock();
  const { health, get } = worker(2, clock);
  health.noteRun({ job: "ingest_pdf", runId: "run-1", status: "ok", durationMs: 10 });

  clock.advance(301);
  health.beat();

  expect(await get("/health")).toMatchObject({
    status: 503,
    body: { status: "backlog_stalled", reasons: ["queue_backlog_without_recent_success"] },
  });
});

test("five failures one after the other are failing, and a success ends it", async () => {
  const { health, get } = worker();
  const fail = (): void =>
    health.noteRun({ job: "ingest_pdf", runId: crypto.randomUUID(), status: "failed" });
  for (let count = 0; count < 4; count += 1) fail();
  const four = (await get("/health")).status;
  fail();
  const five = await get("/health");
  health.noteRun({ job: "ingest_pdf", runId: "good", status: "ok" });

  expect(four).toBe(200);
  expect(five).toMatchObject({
    status: 503,
    body: { status: "failing", reasons: ["consecutive_failures_exceeded_threshold"] },
  });
  expect((await get("/health")).status).toBe(200);
});

test("no sign of life for more than twice the stall is no_heartbeat", async () => {
  const clock = manualClock();
  const { health, get } = worker(0, clock);
  health.beat();

  clock.advance(600);
  const atLimit = (await get("/health")).status;
  clock.advance(1);

  expect(atLimit).toBe(200);
  expect(await get("/health")).toMatchObject({
    status: 503,
    body: { status: "no_heartbeat", reasons: ["no_recent_activity"] },
  });
});

test("the first reason names the status, and all of them are told", async () => {
  const clock = manualClock();
  const { health, get } = worker(1, clock);
  for (let count = 0; count < 5; count += 1) {
    health.noteRun({ job: "ingest_pdf", runId: `${count}`, status: "failed" });
  }
  health.noteRun({ job: "ingest_pdf", runId: "long" });
  clock.advance(601);

  expect((await get("/health")).body).toMatchObject({
    status: "stalled",
    reasons: [
      "job_running_longer_than_threshold",
      "consecutive_failures_exceeded_threshold",
      "no_recent_activity",
    ],
  });
});

test.each([
  ["100", 100],
  ["5", 30],
  ["many", 300],
])("with JOB_STALL_THRESHOLD_SECONDS=%s a job stalls after %i s", async (value, seconds) => {
  const clock = manualClock();
  const { health, get } = worker(0, clock, { JOB_STALL_THRESHOLD_SECONDS: value });
  health.noteRun({ job: "ingest_pdf", runId: "run-1" });

  clock.advance(seconds);
  const atLimit = (await get("/health")).status;
  clock.advance(1);

  expect([atLimit, (await get("/health")).status]).toEqual([200, 503]);
});

test("JOB_FAILURE_THRESHOLD says how many failures are failing", async () => {
  const { health, get } = worker(0, manualClock(), { JOB_FAILURE_THRESHOLD: "2" });
  health.noteRun({ job: "ingest_pdf", runId: "1", status: "failed" });
  health.noteRun({ job: "ingest_pdf", runId: "2", status: "timed-out" });

  expect((await get("/health")).body).toMatchObject({ status: "failing" });
});

test("the worker's metrics are JSON with counters, latencies and queue depths", async () => {
  const { health, get } = worker(5);
  const { noteRun } = health;
  noteRun({ job: "ingest_pdf", runId: "1", status: "ok", durationMs: 2000, attempt: 1 });
  noteRun({ job: "ingest_pdf", runId: "2", status: "ok", durationMs: 4000, attempt: 3 });
  noteRun({ job: "prep", runId: "3", status: "failed", durationMs: 1000, attempt: 2 });

  const metrics = await get("/metrics");

  expect([metrics.status, metrics.body]).toEqual([
    200,
    {
      counters: {
        attempts: { ingest_pdf: 4, prep: 2 },
        retries: { ingest_pdf: 2, prep: 1 },
        success: { ingest_pdf: 2 },
        failure: { prep: 1 },
      },
      latency_seconds: {
        ingest_pdf: { count: 2, p50: 3, max: 4 },
        prep: { count: 1, p50: 1, max: 1 },
      },
      queue_depths: { jobs: 5 },
    },
  ]);
});

test("every other path of the worker is a 404", async () => {
  const { get } = worker();

  const statuses = await Promise.all(
    ["/", "/healthz", "/readyz", "/metrics.json"].map(async (path) => (await get(path)).status),
  );

  expect(statuses).toEqual([404, 404, 404, 404]);
});

test("the worker reads its own queue, and a Redis that is away is an error and no empty queue", async (context) => {
  const { url, flush } = await redis(context);
  await flush();
  await withRedis(url, (client) => client.rpush("jobs", "a"));
  expect(await metricsWith(url)).toMatchObject({ queue_depths: { jobs: 1 } });
  expect(await metricsWith("redis://127.0.0.1:1")).toMatchObject({
    queue_depths: { jobs: null },
    errors: { jobs: "connection refused" },
  });
});

async function metricsWith(REDIS_URL: string): Promise<unknown> {
  const { health, get } = scratchHealth({ preset: "joslyn-ai-worker" }, { env: { REDIS_URL } });
  onTestFinished(() => health.close());
  health.start();
  await vi.waitFor(() => expect(health.results()[0]?.state).not.toBe("unknown"), {
    timeout: 10_000,
  });
  return (await get("/metrics")).body;
}
