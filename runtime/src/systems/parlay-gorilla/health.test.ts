import { expect, onTestFinished, test, vi } from "vitest";
import { scratchHealth, type ScratchHealth } from "../../../testing/scratch-health.ts";
import { usePostgres, useRedis } from "../../../testing/servers.ts";

const postgres = usePostgres();
const redis = useRedis();

const ISO = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

async function parlay(env: Record<string, string>): Promise<ScratchHealth> {
  const scratch = scratchHealth({ preset: "parlay-gorilla" }, { env });
  onTestFinished(() => scratch.health.close());
  scratch.health.start();
  await vi.waitFor(
    () => expect(scratch.health.results().every((it) => it.state !== "unknown")).toBe(true),
    { timeout: 10_000 },
  );
  return scratch;
}

test("with its database and Redis, parlay-gorilla answers in its own shapes", async (context) => {
  const { get } = await parlay({
    DATABASE_URL: (await postgres(context)).url,
    REDIS_URL: (await redis(context)).url,
  });

  const [live, ready, health, database] = [
    await get("/healthz"),
    await get("/readyz", { "x-request-id": "req-1" }),
    await get("/health"),
    await get("/health/db"),
  ];

  expect([live.status, live.body]).toEqual([200, { ok: true }]);
  expect([ready.status, ready.body]).toEqual([
    200,
    { ok: true, checks: { database: true, redis: true }, timestamp: ISO, request_id: "req-1" },
  ]);
  expect([health.status, health.body]).toEqual([
    200,
    {
      status: "healthy",
      timestamp: ISO,
      service: "Parlay Gorilla API",
      environment: "production",
    },
  ]);
  expect([database.status, database.body]).toEqual([
    200,
    {
      status: "healthy",
      database: "connected",
      latency_ms: expect.any(Number),
      timestamp: ISO,
      service: "Parlay Gorilla API",
    },
  ]);
});

test("without a database parlay-gorilla is not ready, and /health is still 200", async (context) => {
  const { get } = await parlay({
    DATABASE_URL: "postgresql+asyncpg://u:hunter2@127.0.0.1:1/d",
    REDIS_URL: (await redis(context)).url,
  });

  const [live, ready, health, database] = [
    await get("/healthz"),
    await get("/readyz"),
    await get("/health"),
    await get("/health/db"),
  ];

  expect(live.status).toBe(200);
  expect(ready).toMatchObject({
    status: 503,
    body: {
      ok: false,
      checks: { database: false, redis: true },
      errors: ["database: connection refused"],
    },
  });
  expect(health).toMatchObject({ status: 200, body: { status: "degraded" } });
  expect(database).toMatchObject({
    status: 503,
    body: { status: "unhealthy", database: "disconnected", error: "connection refused" },
  });
  expect([ready, health, database].map((it) => it.text).join("")).not.toMatch(/hunter2|127\.0/);
});

test("a Redis that is not configured counts as ready, one that is away does not", async (context) => {
  const { url } = await postgres(context);
  const without = await parlay({ DATABASE_URL: url });
  const away = await parlay({ DATABASE_URL: url, REDIS_URL: "redis://127.0.0.1:1" });

  expect((await without.get("/readyz")).status).toBe(200);
  expect((await without.get("/health")).body).toMatchObject({ status: "healthy" });
  expect(await away.get("/readyz")).toMatchObject({
    status: 503,
    body: { checks: { database: true, redis: false }, errors: ["redis: connection refused"] },
  });
});
