import { afterAll, beforeAll, expect, test } from "vitest";
import { type BotScene, CLANS, FLAGS, openBotScene, until } from "./c1c-recruitment-scene.ts";

/** c1c-recruitment's runbook, claim by claim. Each test continues from the previous one. */
let bot: BotScene;

const NUMBER = expect.any(Number);
const BUCKETS = ["clan-tags", "clans", "onboarding-questions", "templates"];

beforeAll(async () => {
  bot = await openBotScene();
});

afterAll(async () => {
  await bot?.close();
});

test("startup logs include `web server listening` and `[watchdog] heartbeat` lines, as JSON with ts, level, logger, msg", async () => {
  await until(async () => {
    expect(await bot.lines("web server listening")).toHaveLength(1);
    expect(await bot.lines("[watchdog] heartbeat")).toHaveLength(1);
  });

  const ts = expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/);
  const [line] = await bot.lines("web server listening");
  expect(line).toMatchObject({ ts, level: "info", logger: "app" });
});

test("each boot refreshes every cache bucket with actor=startup, and ends in a single summary in the ops channel", async () => {
  await bot.heard("4 of 4 caches of bot were refreshed at the start");

  const startup = await bot.refreshes({ trigger: "startup", actor: "startup", result: "ok" });
  const buckets = startup.map((it) => String(it["bucket"]));
  expect([...new Set(buckets)].toSorted()).toEqual(BUCKETS);
  expect(bot.alerts.filter((it) => it.includes("were refreshed at the start"))).toHaveLength(1);
});

test("`/ready` is always 200 and turns ok=true once Discord connects; `/health` is 503 until then, and `/healthz` is liveness only", async () => {
  const before = { ready: await bot.get("/ready"), health: await bot.get("/health") };

  await bot.post("/world", { connected: true });

  const waiting = { ok: false, components: { discord: { ok: false, ts: 0 } } };
  expect(before.ready).toMatchObject({ status: 200, body: waiting });
  expect(before.health.status).toBe(503);
  expect((await bot.get("/healthz")).status).toBe(200);
  await until(async () => {
    expect(await bot.get("/ready")).toMatchObject({ status: 200, body: { ok: true } });
  });
});

test("`/health` surfaces watchdog metrics plus component status, and 503 indicates a failed component", async () => {
  const good = await bot.get("/health");
  await bot.post("/world", { sheets: false });
  const bad = await bot.get("/health");
  const live = await bot.get("/healthz");
  await bot.post("/world", { sheets: true });

  const watchdog = { stall_after_sec: 20, keepalive_sec: 1, connected: true };
  const components = { runtime: { ok: true }, discord: { ok: true }, sheets: { ok: true } };
  const said = { ok: true, env: "prod", ready: true, endpoint: "health" };
  expect(good).toMatchObject({ status: 200, body: { ...said, ...watchdog, components } });
  const failed = { ok: false, components: { sheets: { ok: false } } };
  expect(bad).toMatchObject({ status: 503, body: failed });
  expect(live.status).toBe(200);
});

test("every answer carries X-Trace-Id, and `trace` correlates it with the log", async () => {
  const own = await bot.get("/", { "x-trace-id": "trace-of-the-root" });
  const passed = await bot.get("/bot", { "x-trace-id": "trace-of-the-bot" });
  const keepalive = await bot.system.ask("bot", "/keepalive", { token: null });

  expect(own.headers.get("x-trace-id")).toBe("trace-of-the-root");
  expect(own.body).toMatchObject({ ok: true, bot: "C1C-Recruitment", trace: "trace-of-the-root" });
  expect(passed.headers.get("x-trace-id")).toBe("trace-of-the-bot");
  expect(await keepalive.text()).toBe("ok");
  await until(async () => {
    expect(await bot.lines("http_request")).toContainEqual(
      expect.objectContaining({ trace: "trace-of-the-bot", path: "/bot", status: 200 }),
    );
  });
});

test("after editing the sheet, `!ops refresh clans templates` picks up the changes, with `trigger=manual` and the actor in its telemetry", async () => {
  const pid = await bot.pid();
  bot.google.tabs.set(CLANS, [...(bot.google.tabs.get(CLANS) ?? []), ["Elders", "1", "0", "0"]]);

  const said = await bot.discord("!ops refresh clans templates");

  expect(said).toMatchObject([
    { refreshed: [{ bucket: "clans", trigger: "manual", actor: "ana", result: "ok", count: 2 }] },
    { refreshed: [{ bucket: "templates", trigger: "manual", actor: "ana", result: "ok" }] },
  ]);
  expect(await bot.discord("!clanmatch")).toMatchObject([{ Clan: "Martyrs" }, { Clan: "Elders" }]);
  expect(await bot.pid()).toBe(pid);
  const manual = await bot.refreshes({ trigger: "manual" });
  const who = { level: "info", bucket: "clans", actor: "ana", result: "ok" };
  const how = { duration: NUMBER, retries: 0, ttl_expired: false, count: 2, error: null };
  expect(manual[0]).toMatchObject({ ...who, ...how });
});

test("buckets fail soft: stale data is served, and the error is logged after one retry", async () => {
  bot.google.isAway = true;

  const [said] = await bot.discord("!ops refresh clans");

  expect(said.refreshed).toMatchObject([{ bucket: "clans", result: "fail", retries: 1, count: 2 }]);
  expect(said.refreshed[0].error).toMatch(/^sheet of .*: HTTP 503\. \| retry: /);
  expect(await bot.discord("!clanmatch")).toHaveLength(2);
  const failed = await bot.refreshes({ result: "fail" });
  expect(failed[0]).toMatchObject({ level: "warn", bucket: "clans", actor: "ana" });
});

test("cron jobs refresh the recruitment caches; failed cron refreshes emit WARN logs, keep retry counters and are told in the ops channel", async () => {
  await until(async () => {
    const failed = await bot.refreshes({ trigger: "cron", result: "fail" });
    expect(failed[0]).toMatchObject({ level: "warn", bucket: "clans", retries: 1 });
    const [last] = await bot.records("cache-clans");
    expect(last).toMatchObject({ actor: "schedule", status: "failed", exitCode: 75 });
  });

  await bot.heard("cache-clans failed");
});

test("when the sheet is back the next cron refresh reads it, and that is told too", async () => {
  bot.google.isAway = false;

  await until(async () => {
    const [last] = await bot.records("cache-clans");
    expect(last).toMatchObject({ status: "ok", details: { caches: [{ result: "ok" }] } });
  });
  await bot.heard("cache-clans runs again");
});

test("weekly: `!ops refresh all` validates every cache bucket, as a run with a record, and names who made it", async () => {
  const weekly = await bot.run("cache-weekly", "ana");
  const one = await bot.run("cache-refresh", "ben", { bucket: "onboarding-questions" });
  const wrong = await bot.run("cache-refresh", "ben", { bucket: "clan_tags" });

  expect(weekly.details["caches"]).toMatchObject(
    BUCKETS.map((bucket) => ({ bucket, trigger: "manual", actor: "ana", result: "ok" })),
  );
  const asked = { bucket: "onboarding-questions" };
  expect(one.details).toMatchObject({
    input: asked,
    caches: [{ ...asked, actor: "ben", count: 1 }],
  });
  expect(wrong).toMatchObject({ status: "failed", exitCode: 78 });
  expect(wrong.error).toContain('there is no cache "clan_tags". The caches are: clan-tags, clans,');
});

test("`!ops digest` mirrors the telemetry: cache age, next scheduled refresh, retries and last actor", async () => {
  const ops = await bot.ops("/digest");
  const told = await bot.discord("!ops digest");

  const age = { age_seconds: NUMBER, next_refresh: expect.any(String), ttl_expired: false };
  const last = { result: "ok", error: null, retries: 0, last_actor: "ana" };
  expect(ops.caches).toContainEqual({ name: "templates", ...age, ...last });
  expect(told.caches).toContainEqual(
    expect.objectContaining({ name: "templates", actor: "ana", result: "ok", retries: 0 }),
  );
});

test("toggles are TRUE in the sheet, by a key without its case; unrecognized and missing ones fail closed with one warning each", async () => {
  const asked = ["recruitment-reports", "placement-reservations", "server-map", "welcome-hook"];
  const said = await Promise.all([...asked, ...asked].map((it) => bot.discord(`!cfg ${it}`)));

  expect(said.map(({ on }) => on)).toEqual([true, true, false, false, true, true, false, false]);
  const warned = (await bot.lines("toggle is in trouble")).map((it) => it["toggle"]);
  expect(warned.toSorted()).toEqual(["server-map", "welcome-hook"]);
});

test("update the FeatureToggles tab, run `!ops reload`, then confirm via `!cfg`: the bot's process stays the same", async () => {
  const pid = await bot.pid();
  bot.setFlags({ recruitment_reports: "FALSE", placement_reservations: "TRUE" });

  const before = await bot.discord("!cfg recruitment-reports");
  const reloaded = await bot.discord("!ops reload");
  const after = await bot.discord("!cfg recruitment-reports");

  expect([before.on, after.on]).toEqual([true, false]);
  expect(after.reason).toContain("says off");
  expect(reloaded.manifest).toEqual({ changed: [], needsRestart: false });
  expect(reloaded.caches).toMatchObject(BUCKETS.map(() => ({ ttlExpired: true })));
  expect(await bot.pid()).toBe(pid);
});

test("a missing FeatureToggles tab fails closed, and its return is read by the next reload", async () => {
  const tab = bot.google.tabs.get(FLAGS) ?? [];
  const asked = "!cfg placement-reservations";
  bot.google.tabs.delete(FLAGS);
  await bot.discord("!ops reload");
  const gone = await bot.discord(asked);
  bot.google.tabs.set(FLAGS, tab);
  await bot.discord("!ops reload");

  expect([gone.on, (await bot.discord(asked)).on]).toEqual([false, true]);
});

test("reminder and auto-release jobs of the bot are recorded as it reports them, and a toggle that is off makes them skipped", async () => {
  for (const job of ["reservation-reminder", "reservation-autorelease", "daily-recruiter-update"]) {
    await bot.post("/clock", { job });
  }

  const [reminder] = await bot.records("reservation-reminder");
  const [update] = await bot.records("daily-recruiter-update");
  expect(reminder).toMatchObject({ status: "ok", actor: "app" });
  expect(update).toMatchObject({ status: "skipped", details: { toggle: "recruitment-reports" } });
});

test("a report that the bot could not post is told in the ops channel, and so is the next good one", async () => {
  bot.setFlags({ recruitment_reports: "TRUE", placement_reservations: "TRUE" });
  await bot.discord("!ops reload");

  await bot.post("/world", { failing: true });
  await bot.post("/clock", { job: "daily-recruiter-update" });
  await bot.heard("daily-recruiter-update failed");
  await bot.post("/world", { failing: false });
  await bot.post("/clock", { job: "daily-recruiter-update" });

  await bot.heard("daily-recruiter-update runs again");
});

test("HTTP keepalive asks for the service's own page by its schedule and by hand", async () => {
  const details = { httpStatus: 200, from: "RENDER_EXTERNAL_URL" };
  await until(async () => {
    const runs = await bot.records("http-keepalive");
    expect(runs).toContainEqual(expect.objectContaining({ actor: "schedule", status: "ok" }));
  });

  // No second refresh starts while a due one waits for its jitter.
  await until(async () => {
    expect(await bot.run("http-keepalive", "ana")).toMatchObject({ status: "ok", details });
  });
});

test("the cron summary tells per job runs, ok %, avg and p95 over 24 h, in the log and the ops channel", async () => {
  const summary = await bot.run("cron-summary", "ana");

  const runs = { runs: 1, skipped: 0, failed: 0, retries: 0 };
  const figures = { ...runs, okPercent: 100, avgMs: 12, p95Ms: 12 };
  expect(summary.details["jobs"]).toContainEqual({ job: "reservation-reminder", ...figures });
  expect(await bot.lines("run summary")).toContainEqual(
    expect.objectContaining({ job: "cache-clans", failed: expect.any(Number) }),
  );
  await bot.heard(/runs of \d+ jobs in 24 h/);
});

test("`!ops reload --reboot` restarts the bot after the reload, its health says so, and it is no crash", async () => {
  const pid = await bot.pid();

  await bot.discord("!ops reload --reboot");

  await until(async () => {
    const again = await bot.get("/bot");
    expect([again.status, again.body.pid === pid]).toEqual([200, false]);
  });
  // Discord has not connected yet since the bot started.
  expect(await bot.get("/ready")).toMatchObject({ status: 200, body: { ok: false } });
  expect((await bot.get("/healthz")).status).toBe(200);
  const [line] = await bot.lines("the app is restarted on request");
  expect(line).toMatchObject({ reason: "ana: !ops reload --reboot" });
  expect(await bot.records("app:end")).toEqual([]);
  await bot.post("/world", { connected: true });
});

test("stalled heartbeats: the watchdog ends the bot, it starts again, and the ops channel hears of it", async () => {
  await until(async () => {
    expect((await bot.get("/health")).status).toBe(200);
  });
  const pid = await bot.pid();

  await bot.post("/world", { beating: false });

  await until(async () => {
    const again = await bot.get("/bot");
    expect([again.status, again.body.pid === pid]).toEqual([200, false]);
    const error = expect.stringMatching(/^watchdog: no sign of life for \d+ s$/);
    expect(await bot.records("app:end")).toMatchObject([{ status: "timed-out", error }]);
  });
  await bot.heard("the app of bot ended");
  expect(await bot.lines("the watchdog ends the app")).toMatchObject([{ level: "error" }]);
});

test("per deploy: after redeploying, the caches are filled again, and `/ready`, `/health` and `!ops digest` are verified", async () => {
  bot.system.edit((spec) => spec.replace("LOG_LEVEL: INFO", "LOG_LEVEL: DEBUG"));

  const said = await bot.system.up();

  expect(said).toMatchObject({ code: 0 });
  await bot.post("/world", { connected: true });
  await until(async () => {
    expect(await bot.get("/ready")).toMatchObject({ status: 200, body: { ok: true } });
    expect((await bot.get("/health")).status).toBe(200);
    const { caches } = await bot.discord("!ops digest");
    expect(caches).toMatchObject(BUCKETS.map(() => ({ result: "ok", ttlExpired: false })));
  });
  const startup = await bot.refreshes({ trigger: "startup" });
  expect(startup.length).toBeGreaterThanOrEqual(2 * BUCKETS.length);
});
