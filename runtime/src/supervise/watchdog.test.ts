import { expect, onTestFinished, test } from "vitest";
import { ConfigurationError } from "../contract/configuration-error.ts";
import { startHttpServer } from "../../testing/http-server.ts";
import { collectLog } from "../../testing/log-lines.ts";
import { createSigns } from "./app-api/signs.ts";
import { judgeLife, startWatchdog, watchdogRules, type WatchdogOptions } from "./watchdog.ts";

test("c1c-recruitment's numbers are the defaults: 360 s and 1110 s in production, 60 s and 210 s elsewhere", () => {
  expect(watchdogRules({}, "production", {})).toEqual({
    checkMs: 360_000,
    stallMs: 1_110_000,
    disconnectMs: 1_110_000,
  });
  expect(watchdogRules({}, "staging", {})).toEqual({
    checkMs: 60_000,
    stallMs: 210_000,
    disconnectMs: 210_000,
  });
});

const BOUND = {
  checkEnv: "WATCHDOG_CHECK_SEC",
  stallEnv: "WATCHDOG_STALL_SEC",
  disconnectEnv: "WATCHDOG_DISCONNECT_GRACE_SEC",
};

test("the variables of the runbook win over the manifest", () => {
  const env = {
    WATCHDOG_CHECK_SEC: "10",
    WATCHDOG_STALL_SEC: "",
    WATCHDOG_DISCONNECT_GRACE_SEC: "7",
  };

  expect(watchdogRules({ ...BOUND, checkSeconds: 99 }, "production", env)).toEqual({
    checkMs: 10_000,
    stallMs: 60_000,
    disconnectMs: 7000,
  });
});

test("a variable that is no number of seconds is refused by its name", () => {
  const env = { WATCHDOG_CHECK_SEC: "5m", WATCHDOG_STALL_SEC: "0" };

  expect(() => watchdogRules(BOUND, "production", env)).toThrow(ConfigurationError);
  expect(() => watchdogRules(BOUND, "production", env)).toThrow(
    /WATCHDOG_CHECK_SEC[^]*WATCHDOG_STALL_SEC/,
  );
});

const RULES = { checkMs: 1000, stallMs: 5000, disconnectMs: 3000 };
const gone = (forMs: number) => ({ ageMs: 0, connection: { ok: false, forMs, latencyMs: 1 } });
const connected = (latencyMs?: number) => ({ ok: true, forMs: 9e9, latencyMs });

test("an app that gave no sign yet is not restarted", () => {
  expect(judgeLife(RULES, { ageMs: undefined, connection: undefined }).is).toBe("unknown");
});

test("a sign of life older than the limit is a stall", () => {
  expect(judgeLife(RULES, { ageMs: 5000, connection: undefined }).is).toBe("alive");
  expect(judgeLife(RULES, { ageMs: 5001, connection: connected() })).toEqual({
    is: "stalled",
    why: "no sign of life for 5 s",
  });
});

test("a quiet app whose connection answers within 10 s is left alone", () => {
  expect(judgeLife(RULES, { ageMs: 9000, connection: connected(10_000) }).is).toBe("quiet");
  expect(judgeLife(RULES, { ageMs: 9000, connection: connected(10_001) }).is).toBe("stalled");
});

test("a connection that is gone for too long ends the app though it gives signs of life", () => {
  expect(judgeLife(RULES, gone(3000)).is).toBe("alive");
  expect(judgeLife(RULES, gone(3001)).is).toBe("disconnected");
});

const FAST_RULES = { checkMs: 50, stallMs: 400, disconnectMs: 400 };
const PATIENCE = { timeout: 30_000 };

function watch(options: Partial<WatchdogOptions> & Pick<WatchdogOptions, "watchdog">) {
  const ended: string[] = [];
  const signs = createSigns();
  const watchdog = startWatchdog({
    rules: FAST_RULES,
    signs,
    upstream: () => undefined,
    fail: async (why) => void ended.push(why),
    log: collectLog().log,
    ...options,
  });
  onTestFinished(() => watchdog.stop());
  return { ended, signs, watchdog };
}

test("an app whose page stops answering is ended, and not before it answered once", async () => {
  let status = 503;
  const server = await startHttpServer(() => ({ status }));
  const port = Number(new URL(server.url).port);
  const upstream = () => ({ host: "127.0.0.1", port });
  const { ended } = watch({ watchdog: { path: "/alive" }, upstream });

  await expect.poll(() => server.seen.length, PATIENCE).toBeGreaterThan(12);
  expect(ended).toEqual([]);
  status = 200;
  const asked = server.seen.length;
  await expect.poll(() => server.seen.length, PATIENCE).toBeGreaterThan(asked + 12);
  expect(ended).toEqual([]);
  status = 500;

  await expect.poll(() => ended[0], PATIENCE).toMatch(/^watchdog: no sign of life/);
});

test("an app that is disconnected for too long is ended though its heart beats", async () => {
  const { ended, signs } = watch({ watchdog: { heartbeat: "loop", connection: "discord" } });
  const beating = setInterval(() => signs.beat("loop", 0), 20);
  onTestFinished(() => clearInterval(beating));
  signs.connection("discord", { ok: true, latencyMs: 90 });

  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(ended).toEqual([]);
  signs.connection("discord", { ok: false, latencyMs: undefined });

  await expect.poll(() => ended[0], PATIENCE).toMatch(/^watchdog: disconnected for/);
});

test("after a restart nothing is expected before the first sign of the new life", async () => {
  const { ended, signs, watchdog } = watch({ watchdog: { heartbeat: "loop" } });
  signs.beat("loop", 0);
  watchdog.forget();

  await new Promise((resolve) => setTimeout(resolve, 1000));

  expect(ended).toEqual([]);
  expect(signs.beatAgeMs("loop")).toBeUndefined();
});
