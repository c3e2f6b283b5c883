import { expect, test } from "vitest";
import { requireCapability } from "../../../../tests/capabilities.ts";
import { createHealth } from "../../health/health.ts";
import { scratchProcess } from "../../../testing/scratch-process.ts";
import { PATIENCE_MS, startSupervised } from "../../../testing/supervised.ts";
import { startAppApi } from "./server.ts";
import { createSigns } from "./signs.ts";
import { fileURLToPath } from "node:url";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { collectLog } from "../../../testing/log-lines.ts";

const CHECKS = [
  { name: "discord", kind: "ready", critical: true, probe: { kind: "component", name: "discord" } },
  { name: "loop", kind: "info", probe: { kind: "heartbeat", name: "loop", withinSeconds: 60 } },
] as const;

async function scene() {
  const { process, alerts, directory } = await scratchProcess({
    jobs: [
      { name: "sync", startedBy: "app", alerts: { on: ["fail", "recovered"] } },
      { name: "digest", command: "true" },
    ],
    manifest: {
      health: { checks: [...CHECKS] },
      toggles: [{ name: "reports", reader: { kind: "env", name: "REPORTS" } }],
      caches: [{ name: "clans", source: { kind: "file", path: "clans.json" }, ttlSeconds: 60 }],
    },
    env: { REPORTS: "true" },
  });
  const { log } = collectLog();
  const { manifest, env } = process;
  const health = createHealth({ manifest, env, log, directory });
  health.start();
  writeFileSync(join(directory, "clans.json"), '[{"tag":"C1C"}]');
  const signs = createSigns();
  const api = await startAppApi({ process, health, signs });
  onTestFinished(async () => {
    await Promise.all([api.close(), health.close()]);
  });
  const ask = async (path: string, body?: unknown, token = api.env.OPSPEC_TOKEN) => {
    const answer = await fetch(`${api.env.OPSPEC_URL}${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === "" ? {} : JSON.parse(text) };
  };
  const readyz = () =>
    health.handler(new Request("http://localhost/readyz")).then((it) => it.status);
  return { api, ask, health, signs, readyz, process, alerts };
}

test("only this boot's token is let in, and only on this machine", async () => {
  const { api, ask } = await scene();

  expect((await ask("/toggles/reports", undefined, "wrong")).status).toBe(401);
  expect((await ask("/toggles/reports", undefined, "")).status).toBe(401);
  expect(new URL(api.env.OPSPEC_URL).hostname).toBe("127.0.0.1");
  expect(Buffer.from(api.env.OPSPEC_TOKEN, "base64url")).toHaveLength(32);
});

test("a component that never reported is not ok, and becomes so by its report", async () => {
  const { ask, readyz, health } = await scene();
  expect(await readyz()).toBe(503);

  await ask("/components/discord", { ok: true, latencyMs: 80 });
  expect(await readyz()).toBe(200);

  await ask("/components/discord", { ok: false, detail: "no gateway" });
  expect(await readyz()).toBe(503);
  expect(health.results()).toMatchObject([{ name: "discord", error: "no gateway" }, {}]);
});

test("a heartbeat keeps its check alive, and its age counts", async () => {
  const { ask, health, signs } = await scene();

  await ask("/heartbeats/loop", {});
  expect(health.results()[1]).toMatchObject({ name: "loop", state: "ok" });
  await ask("/heartbeats/loop", { ageMs: 120_000 });

  expect(health.results()[1]?.state).toBe("failed");
  expect(signs.beatAgeMs("loop")).toBeLessThan(PATIENCE_MS);
});

test("a name that is not declared is a 404 that says which there are", async () => {
  const { ask } = await scene();

  const answers = await Promise.all([
    ask("/components/slack", { ok: true }),
    ask("/heartbeats/x", {}),
    ask("/toggles/x"),
    ask("/caches/x"),
    ask("/runs", { job: "digest", status: "ok", durationMs: 1 }),
    ask("/nothing"),
  ]);

  expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404, 404]);
  expect(answers.map(({ body }) => body.error)).toEqual([
    'there is no component "slack"; there are: discord',
    'there is no heartbeat "x"; there are: loop',
    'there is no toggle "x"; there are: reports',
    'there is no cache "x"; there are: clans',
    'there is no job that the app runs "digest"; there are: sync',
    expect.stringContaining("/components"),
  ]);
});

test("a run that the app reports is recorded as the app's and alerts as any job's", async () => {
  const { ask, process, alerts } = await scene();
  const startedAt = "2026-03-01T10:00:00.000Z";

  await ask("/runs", {
    job: "sync",
    status: "failed",
    startedAt,
    durationMs: 1500,
    error: "no rows",
  });
  await ask("/runs", {
    job: "sync",
    status: "ok",
    durationMs: 20,
    attempt: 3,
    details: { rows: 3 },
  });

  const records = await process.records.list({ job: "sync", limit: 10 });
  expect(records).toMatchObject([
    { status: "ok", actor: "app", attempt: 3, details: { rows: 3 } },
    { status: "failed", actor: "app", attempt: 1, startedAt, durationMs: 1500, error: "no rows" },
  ]);
  expect(alerts.map(({ kind, job }) => [kind, job])).toEqual([
    ["fail", "sync"],
    ["recovered", "sync"],
  ]);
});

test("a run that the app began and never ended is lost with the app", async () => {
  const { ask, api, process } = await scene();
  const first = await ask("/runs/start", { job: "sync" });
  const second = await ask("/runs/start", { job: "sync" });
  expect(process.active.size).toBe(2);

  await ask("/runs/end", { runId: first.body.runId, status: "ok" });
  await api.appEnded();

  const records = await process.records.list({ job: "sync", limit: 10 });
  expect(records.map(({ runId, status }) => [runId, status])).toEqual([
    [second.body.runId, "lost"],
    [first.body.runId, "ok"],
  ]);
  expect((await ask("/runs/end", { runId: second.body.runId, status: "ok" })).status).toBe(404);
});

test("the app takes part in readiness, reads toggles and caches, and tells events", async () => {
  const { ask, readyz, health } = await scene();
  await ask("/components/discord", { ok: true });

  await ask("/ready", { ready: false, reason: "warming up" });
  expect(await readyz()).toBe(503);
  await ask("/ready", { ready: true });
  expect(await readyz()).toBe(200);

  expect((await ask("/toggles/reports")).body).toMatchObject({ on: true });
  await expect.poll(async () => (await ask("/caches/clans")).body.rows).toEqual([{ tag: "C1C" }]);
  await ask("/events/recruited", { labels: { clan: "one" } });
  expect(health.eventCount("recruited")).toBe(1);
});

test("what the app said of its parts and its readiness is over when it ends", async () => {
  const { ask, readyz, api } = await scene();
  await ask("/components/discord", { ok: true });
  await ask("/ready", { ready: true });
  await expect.poll(readyz).toBe(200);

  await api.appEnded();

  await expect.poll(readyz).toBe(503);
  await ask("/components/discord", { ok: true });
  expect(await readyz()).toBe(503);
  await ask("/ready", { ready: true });
  await expect.poll(readyz).toBe(200);
});

test("bodies are limited and checked", async () => {
  const { ask } = await scene();

  expect((await ask("/components/discord", { ok: "yes" })).status).toBe(400);
  expect((await ask("/components/discord", { ok: true, detail: "x".repeat(70_000) })).status).toBe(
    413,
  );
  expect((await ask("/components/discord")).status).toBe(405);
});

test("what people ask the app for in a chat it passes on: a refresh with who asked, a reload, a restart", async () => {
  const { ask, process } = await scene();
  const reasons: string[] = [];
  const restart = async (reason: string) => void reasons.push(reason);

  const refreshed = await ask("/refreshes/all", { actor: "ana" });
  const list = await ask("/caches");
  const reloaded = await ask("/reload", {});
  const alone = await ask("/restart", { actor: "ana" });
  process.app = { stop: nothing, start: nothing, check: nothing, restart };
  const restarted = await ask("/restart", { actor: "ana", reason: "new Config tab" });

  expect(refreshed.body).toMatchObject({
    refreshed: [{ bucket: "clans", trigger: "manual", actor: "ana", result: "ok", count: 1 }],
    running: [],
  });
  expect(list.body.caches).toMatchObject([{ name: "clans", actor: "ana", result: "ok" }]);
  expect(reloaded.body).toMatchObject({
    toggles: [{ name: "reports", on: true }],
    caches: [{ name: "clans", ttlExpired: true }],
  });
  expect(alone.status).toBe(409);
  expect(restarted.body).toEqual({ restarting: true });
  await expect.poll(() => reasons).toEqual(["ana: new Config tab"]);
  expect((await ask("/refreshes/x", { actor: "ana" })).body.error).toBe(
    'there is no cache "x"; there are: clans, all',
  );
});

test("the Python example of at most 30 lines does all of it", async (context) => {
  const python = await requireCapability(context, "python");
  const example = fileURLToPath(new URL("../../../examples/report.py", import.meta.url));
  const job = { name: "report", uses: "command", startedBy: "app" } as const;

  const runtime = await startSupervised({
    argv: [`exec "${python}" "${example}"`],
    env: { REPORTS: "on" },
    manifest: {
      app: { graceSeconds: 10, restart: { policy: "never" } },
      jobs: [job],
      health: { checks: [...CHECKS] },
      toggles: [{ name: "reports", reader: { kind: "env", name: "REPORTS" } }],
    },
  });

  expect((await runtime.exited).code).toBe(0);
  expect(await runtime.line("run")).toMatchObject({ job: "report", status: "ok", actor: "app" });
  expect(await runtime.line("the app is ready")).toBeDefined();
});

async function nothing(): Promise<void> {}
