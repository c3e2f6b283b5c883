import { expect, onTestFinished, test } from "vitest";
import { collectLog } from "../../testing/log-lines.ts";
import { scratchDirectory } from "../../testing/scratch-directory.ts";
import { APP_COMMAND } from "../../testing/supervised.ts";
import { startApp, type App, type EndedApp } from "./app.ts";
import { restartRules } from "./restart-policy.ts";
import { restoreAction } from "./restore-action.ts";

const PATIENCE = { timeout: 60_000, interval: 50 };

function run(argv: readonly string[], env: Record<string, string> = {}) {
  const { log } = collectLog();
  const ends: EndedApp[] = [];
  const ups: boolean[] = [];
  const app = startApp({
    argv,
    directory: scratchDirectory(),
    env: { PATH: process.env["PATH"], ...env },
    isBehindProxy: true,
    rules: restartRules({ policy: "on-failure", max: 3 }),
    graceMs: 3000,
    log,
    appLog: log,
    onUp: (isUp) => void ups.push(isUp),
    onEnd: (end) => void ends.push(end),
  });
  onTestFinished(() => app.stop());
  return { app, ends, ups };
}

const isUp = (app: App) => expect.poll(() => app.state().phase, PATIENCE).toBe("up");

test("a restore stops the app, starts it again with its own port, and is no failure of it", async () => {
  const { app, ends, ups } = run([APP_COMMAND]);
  await isUp(app);
  const before = app.state().pid;
  let phase: string | undefined;

  const result = await restoreAction({
    stopApp: () => app.pause(),
    restore: async () => {
      phase = app.state().phase;
      return { rollBack: async () => undefined };
    },
    startApp: async () => app.resume(),
    check: () => isUp(app),
    ending: new AbortController().signal,
  });

  expect(result).toEqual({ outcome: "restored" });
  expect(phase).toBe("paused");
  expect(app.state().pid).not.toBe(before);
  expect(ends).toEqual([]);
  expect(ups).toEqual([true, false, true]);
});

test("an app that is ended as a failure is told with why, and starts again", async () => {
  const { app, ends } = run([APP_COMMAND]);
  await isUp(app);
  const before = app.state().pid;

  await app.fail("watchdog: no sign of life for 9 s");

  await expect.poll(() => app.state().pid !== before && app.state().phase, PATIENCE).toBe("up");
  expect(ends).toMatchObject([{ why: "watchdog: no sign of life for 9 s", willRestart: true }]);
});

test("an app that cannot be started ends with 127 and is tried again within its budget", async () => {
  const { app, ends } = run(["/nowhere/app", "--port"]);

  await expect.poll(() => ends.length, PATIENCE).toBe(1);
  await app.stop();

  expect(ends[0]).toMatchObject({ exitCode: 127, willRestart: true });
  expect(await app.ended).toMatchObject({ exitCode: 0 });
});
