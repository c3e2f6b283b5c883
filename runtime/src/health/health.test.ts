import { expect, onTestFinished, test, vi } from "vitest";
import { startHungServer } from "../../testing/probe-watch.ts";
import { manualClock, scratchHealth, type ScratchHealth } from "../../testing/scratch-health.ts";
import type { Check } from "./check.ts";
import { CheckError } from "./error-words.ts";
import type { HealthOptions } from "./health.ts";

/** Most time that a probe takes on a busy machine, in ms. */
const PATIENCE_MS = 10_000;

/** Health with its first results. */
async function probed(
  checks: readonly Check[],
  options: Partial<HealthOptions> = {},
): Promise<ScratchHealth> {
  const scratch = scratchHealth({}, { checks, ...options });
  onTestFinished(() => scratch.health.close());
  scratch.health.start();
  await vi.waitFor(
    () => expect(scratch.health.results().every((it) => it.state !== "unknown")).toBe(true),
    PATIENCE_MS,
  );
  return scratch;
}

const good: Check = { name: "database", kind: "ready", probe: async () => ({}) };

const REFUSED = Object.assign(new Error("connect to db.internal as admin:hunter2"), {
  code: "ECONNREFUSED",
});

function broken(check: Partial<Check> = {}): Check {
  return { name: "database", kind: "ready", probe: () => Promise.reject(REFUSED), ...check };
}

test("liveness does not depend on a dependency, readiness does", async () => {
  const { get } = await probed([broken()]);

  const [live, ready] = [await get("/healthz"), await get("/readyz")];

  expect(live).toMatchObject({ status: 200, body: { ok: true } });
  expect(ready).toMatchObject({
    status: 503,
    body: { ok: false, checks: { database: "failed" }, reasons: ["database: connection refused"] },
  });
});

test("liveness answers without waiting while a dependency hangs", async () => {
  const { port, sockets } = await startHungServer();
  const { health, get } = scratchHealth(
    {
      checks: [
        {
          name: "database",
          kind: "ready",
          critical: true,
          timeoutMs: 60_000,
          probe: { kind: "postgres", urlEnv: "DATABASE_URL" },
        },
      ],
    },
    { env: { DATABASE_URL: `postgres://u:p@127.0.0.1:${port}/d` } },
  );
  onTestFinished(() => health.close());
  health.start();
  await vi.waitFor(() => expect(sockets.size).toBe(1), { timeout: 10_000 });

  const answers = await Promise.all([get("/healthz"), get("/readyz"), get("/health")]);

  expect(answers.map((it) => it.status)).toEqual([200, 503, 503]);
});

test("a live check that fails makes the process not live, and one without a result does not", async () => {
  const { get } = await probed([broken({ name: "loop", kind: "live" })]);
  const fresh = scratchHealth({}, { checks: [broken({ name: "loop", kind: "live" })] });

  expect(await get("/healthz")).toMatchObject({
    status: 503,
    body: { ok: false, reasons: ["loop: connection refused"] },
  });
  expect((await fresh.get("/healthz")).status).toBe(200);
});

test("before the first results it is not ready", async () => {
  const { get } = scratchHealth({}, { checks: [good] });

  const ready = await get("/readyz");

  expect(ready).toMatchObject({ status: 503, body: { reasons: ["database: not checked yet"] } });
});

test("what is not critical makes it degraded, and still 200", async () => {
  const { get } = await probed([good, broken({ name: "cache", critical: false })]);

  const health = await get("/health");

  expect(health.status).toBe(200);
  expect(health.body).toMatchObject({
    status: "degraded",
    system: "shop",
    process: "web",
    components: {
      database: { ok: true, state: "ok", critical: true },
      cache: { ok: false, state: "failed", critical: false, error: "connection refused" },
    },
  });
  expect((await get("/readyz")).status).toBe(200);
});

test("a critical failure makes health and readiness a 503", async () => {
  const { get } = await probed([broken()]);

  expect(await get("/health")).toMatchObject({ status: 503, body: { status: "failed" } });
  expect((await get("/ready")).status).toBe(503);
});

test("a failing info check is told and changes nothing", async () => {
  const { get } = await probed([good, broken({ name: "disk", kind: "info" })]);

  expect(await get("/health")).toMatchObject({
    status: 200,
    body: { status: "ok", components: { disk: { state: "failed" } } },
  });
});

test("shutting down is not ready first, and still alive", async () => {
  const { health, get } = await probed([good]);

  health.shutDown();

  expect((await get("/healthz")).status).toBe(200);
  expect(await get("/readyz")).toMatchObject({
    status: 503,
    body: { reasons: ["shutting down"] },
  });
});

test("a part of the app takes part in readiness", async () => {
  const { health, get } = await probed([good]);

  health.setReady("cache", false);
  const waiting = await get("/readyz");
  health.setReady("cache", true);

  expect(waiting).toMatchObject({ status: 503, body: { reasons: ["cache: not ready"] } });
  expect((await get("/readyz")).status).toBe(200);
});

test("no answer holds a host, a user or a password", async () => {
  const { get } = await probed([
    broken(),
    broken({ name: "mail", probe: async () => Promise.reject(new TypeError("smtp.internal:25")) }),
  ]);

  const paths = ["/healthz", "/readyz", "/health", "/metrics", "/metrics.json"];
  const texts = await Promise.all(paths.map(async (path) => (await get(path)).text));

  expect(texts.join("\n")).not.toMatch(/internal|hunter2|admin/);
});

test("500 requests cost no probe: checks are refreshed in the background", async () => {
  let probes = 0;
  const probe = async (): Promise<undefined> => {
    probes += 1;
  };
  const { get } = await probed([{ name: "database", kind: "ready", probe }]);

  await Promise.all(Array.from({ length: 500 }, () => get("/readyz")));

  expect(probes).toBe(1);
});

test("a request's id is taken, echoed and logged with path, method, status and time", async () => {
  const { get, lines } = scratchHealth({});

  const answer = await get("/healthz?key=secret", { "x-request-id": "req-1" });

  expect(answer.headers.get("x-request-id")).toBe("req-1");
  expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({
    level: "info",
    msg: "http_request",
    path: "/healthz",
    method: "GET",
    status: 200,
    ms: expect.any(Number),
    trace: "req-1",
  });
  expect(lines.join("")).not.toContain("secret");
});

test("a request without a good id gets one", async () => {
  const { get } = scratchHealth({});

  const answer = await get("/healthz", { "x-request-id": "a b" });

  expect(answer.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
});

test("answers are not stored by anybody", async () => {
  const { get } = scratchHealth({});

  expect((await get("/health")).headers.get("cache-control")).toBe("no-store");
});

test("an unknown path is a 404 and a POST a 405", async () => {
  const { health, get } = scratchHealth({});

  const posted = await health.handler(new Request("http://h/healthz", { method: "POST" }));

  expect((await get("/other")).status).toBe(404);
  expect([posted.status, posted.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
});

test("HEAD is answered like GET, without the body", async () => {
  const { health } = scratchHealth({});

  const head = await health.handler(new Request("http://h/health", { method: "HEAD" }));

  expect([head.status, await head.text()]).toEqual([200, ""]);
});

test("an answer is found where the manifest puts it", async () => {
  const { health, get } = scratchHealth({ paths: { healthz: "/up", keepalive: "/ping" } });

  expect([(await get("/up")).status, (await get("/healthz")).status]).toEqual([200, 404]);
  expect((await get("/ping")).text).toBe("ok");
  expect(health.paths).toContain("/up");
});

test("a path for an answer that does not exist, and a name or a path twice, are refused", () => {
  const twice = { checks: [good, good] };

  expect(() => scratchHealth({ paths: { helthz: "/up" } })).toThrow(
    "health/paths/helthz: there is no such answer. There are: healthz, readyz,",
  );
  expect(() => scratchHealth({ paths: { readyz: "/health" } })).toThrow(
    "health/paths/health: /health is another answer's path.",
  );
  expect(() => scratchHealth({}, twice)).toThrow("health/checks/database: is there twice.");
});

test("the metrics want the key when one is named, and are closed when it is not set", async () => {
  const manifest = { metricsKeyEnv: "METRICS_KEY", metricsKeyHeader: "x-metrics-key" };
  const { get } = scratchHealth(manifest, { env: { METRICS_KEY: "k-123" } });
  const unset = scratchHealth(manifest);

  const statuses = [
    (await get("/metrics")).status,
    (await get("/metrics", { "x-metrics-key": "k-124" })).status,
    (await get("/metrics.json", { "x-metrics-key": "" })).status,
    (await get("/metrics", { "x-metrics-key": "k-123" })).status,
    (await unset.get("/metrics", { "x-metrics-key": "" })).status,
  ];

  expect(statuses).toEqual([401, 401, 401, 200, 401]);
});

test("guesses of the metrics key are limited, and the right one is not", async () => {
  const manifest = { metricsKeyEnv: "METRICS_KEY", metricsKeyHeader: "x-metrics-key" };
  const { get } = scratchHealth(manifest, { env: { METRICS_KEY: "k-123" } });
  const guess = async (key: string) => (await get("/metrics", { "x-metrics-key": key })).status;
  const statuses = [];
  for (let at = 0; at < 61; at += 1) statuses.push(await guess("k-1"));

  expect(statuses.filter((it) => it === 401)).toHaveLength(60);
  expect(statuses.at(-1)).toBe(429);
  expect(await guess("k-123")).toBe(200);
});

test("a component that was reported and not declared is told", async () => {
  const { health, get } = scratchHealth({}, { clock: manualClock() });

  health.reportComponent("sheets", { ok: false, detail: "quota used up" });

  expect(await get("/health")).toMatchObject({
    body: { components: { sheets: { ok: false, error: "quota used up" } } },
  });
});

test("a check of the app's own tells its own words", async () => {
  const error = new CheckError("the model is not loaded");
  const { get } = await probed([
    { name: "model", kind: "ready", probe: () => Promise.reject(error) },
  ]);

  expect(await get("/readyz")).toMatchObject({
    body: { reasons: ["model: the model is not loaded"] },
  });
});
