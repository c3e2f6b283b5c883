import { expect, test } from "vitest";
import { type ManualClock, manualClock, scratchHealth } from "../../../testing/scratch-health.ts";

const ENV = { BOT_NAME: "C1C-Recruitment", ENV_NAME: "prod", BOT_VERSION: "0.9.7" };

/** The stall in production: three checks of 360 s and 30 s. */
const STALL_SECONDS = 1110;

function bot(clock: ManualClock = manualClock(), env: Record<string, string> = {}) {
  return scratchHealth({ preset: "c1c-recruitment" }, { env: { ...ENV, ...env }, clock });
}

test("the bot's root says who it is, with the trace of the request", async () => {
  const { get } = bot();

  const root = await get("/", { "x-trace-id": "t-1" });

  expect([root.status, root.body]).toEqual([
    200,
    { ok: true, bot: "C1C-Recruitment", env: "prod", version: "0.9.7", trace: "t-1" },
  ]);
  expect(root.headers.get("x-trace-id")).toBe("t-1");
});

test("the bot's /ready is always 200, and ok only when runtime and discord reported well", async () => {
  const clock = manualClock();
  const { health, get } = bot(clock);

  const before = await get("/ready");
  health.reportComponent("runtime", { ok: true });
  health.reportComponent("discord", { ok: true });
  const after = await get("/ready");

  const ts = clock.now().getTime() / 1000;
  expect([before.status, before.body]).toEqual([
    200,
    { ok: false, components: { runtime: { ok: false, ts: 0 }, discord: { ok: false, ts: 0 } } },
  ]);
  expect([after.status, after.body]).toEqual([
    200,
    { ok: true, components: { runtime: { ok: true, ts }, discord: { ok: true, ts } } },
  ]);
});

test("the bot's /health has every field, and is 200 when all parts are well", async () => {
  const clock = manualClock();
  const { health, get } = bot(clock);
  health.reportComponent("runtime", { ok: true });
  health.reportComponent("discord", { ok: true });
  clock.advance(12.3456);

  const answer = await get("/health");

  const ts = clock.now().getTime() / 1000 - 12.345;
  const part = { ok: true, ts: expect.closeTo(ts, 1) };
  expect([answer.status, answer.body]).toEqual([
    200,
    {
      ok: true,
      bot: "C1C-Recruitment",
      env: "prod",
      version: "0.9.7",
      age_seconds: expect.closeTo(12.345, 2),
      stall_after_sec: STALL_SECONDS,
      keepalive_sec: 360,
      connected: true,
      disconnect_age: null,
      last_ready_age: expect.closeTo(12.345, 2),
      components: { runtime: part, discord: part },
      ready: true,
      endpoint: "health",
    },
  ]);
});

test("a part that is not ok makes /health a 503 and leaves /healthz alone", async () => {
  const clock = manualClock();
  const { health, get } = bot(clock);
  health.reportComponent("runtime", { ok: true });
  health.reportComponent("discord", { ok: true });
  health.reportComponent("sheets", { ok: false });
  health.reportComponent("discord", { ok: false });
  clock.advance(5);

  const answer = await get("/health");
  const healthz = await get("/healthz");

  expect(answer).toMatchObject({
    status: 503,
    body: { ok: false, ready: false, connected: false, disconnect_age: 5, last_ready_age: 5 },
  });
  expect([healthz.status, healthz.body]).toEqual([
    200,
    {
      ok: true,
      bot: "C1C-Recruitment",
      env: "prod",
      version: "0.9.7",
      age_seconds: 5,
      stall_after_sec: STALL_SECONDS,
      keepalive_sec: 360,
      connected: false,
      disconnect_age: 5,
      last_ready_age: 5,
      endpoint: "healthz",
    },
  ]);
});

test("a required part that never reported makes /health a 503", async () => {
  const { health, get } = bot();
  health.reportComponent("runtime", { ok: true });

  expect(await get("/health")).toMatchObject({
    status: 503,
    body: { components: { discord: { ok: false, ts: 0 } } },
  });
});

test("a heartbeat that is older than the stall makes both health paths a 503", async () => {
  const clock = manualClock();
  const { health, get } = bot(clock);
  health.reportComponent("runtime", { ok: true });
  health.reportComponent("discord", { ok: true });
  health.beat();

  clock.advance(STALL_SECONDS);
  const atLimit = [(await get("/healthz")).status, (await get("/health")).status];
  clock.advance(1);

  expect(atLimit).toEqual([200, 200]);
  expect([(await get("/healthz")).status, (await get("/health")).status]).toEqual([503, 503]);
  health.beat();
  expect((await get("/healthz")).status).toBe(200);
});

test("a live check that somebody declared makes both health paths a 503", async () => {
  const { get } = scratchHealth(
    { preset: "c1c-recruitment" },
    { checks: [{ name: "start", kind: "live", read: () => ({ problem: "is starting" }) }] },
  );

  expect([(await get("/healthz")).status, (await get("/health")).status]).toEqual([503, 503]);
});

test.each<{ env: Record<string, string>; check: number; stall: number }>([
  { env: { ENV_NAME: "dev" }, check: 60, stall: 210 },
  { env: { ENV_NAME: "STAGE" }, check: 60, stall: 210 },
  { env: { ENV_NAME: "prod" }, check: 360, stall: 1110 },
  { env: { ENV_NAME: "prod", WATCHDOG_CHECK_SEC: "100" }, check: 100, stall: 330 },
  { env: { ENV_NAME: "prod", WATCHDOG_STALL_SEC: "77" }, check: 360, stall: 77 },
])("with $env the watchdog checks every $check s and stalls after $stall s", async (row) => {
  const { get } = bot(manualClock(), row.env);

  expect((await get("/healthz")).body).toMatchObject({
    keepalive_sec: row.check,
    stall_after_sec: row.stall,
  });
});

test("the keepalive page is text, at the path of KEEPALIVE_PATH", async () => {
  const { get } = bot();
  const moved = bot(manualClock(), { KEEPALIVE_PATH: "/wake" });

  const answer = await get("/keepalive");

  expect([answer.status, answer.text]).toEqual([200, "ok"]);
  expect(answer.headers.get("content-type")).toMatch(/^text\/plain/);
  expect([(await moved.get("/wake")).text, (await moved.get("/keepalive")).status]).toEqual([
    "ok",
    404,
  ]);
});

test("a bot that shuts down is not ready first, and still alive", async () => {
  const { health, get } = bot();
  health.reportComponent("runtime", { ok: true });
  health.reportComponent("discord", { ok: true });

  health.shutDown();

  expect((await get("/ready")).body).toMatchObject({ ok: false });
  expect((await get("/healthz")).status).toBe(200);
});
