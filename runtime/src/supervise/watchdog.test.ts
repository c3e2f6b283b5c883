import { expect, onTestFinished, test } from "vitest";
import { createSigns } from "./app-api/signs.ts";
import { startHttpServer } from "../../testing/http-server.ts";
import { collectLog } from "../../testing/log-lines.ts";
import { startWatchdog, type WatchdogOptions } from "./watchdog.ts";

const RULES = { checkMs: 50, stallMs: 400, disconnectMs: 400 };
const PATIENCE = { timeout: 30_000 };

function watch(options: Partial<WatchdogOptions> & Pick<WatchdogOptions, "watchdog">) {
  const ended: string[] = [];
  const signs = createSigns();
  const watchdog = startWatchdog({
    rules: RULES,
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
