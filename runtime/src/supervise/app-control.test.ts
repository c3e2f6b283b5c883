import { expect, onTestFinished, test } from "vitest";
import { collectLog } from "../../testing/log-lines.ts";
import { scratchDirectory } from "../../testing/scratch-directory.ts";
import { APP_COMMAND } from "../../testing/supervised.ts";
import { startApp, type EndedApp } from "./app.ts";
import { controlApp, wellPath } from "./app-control.ts";
import { restartRules } from "./restart-policy.ts";

const PATIENCE = { timeout: 60_000, interval: 50 };

/** An app that may not crash even once, under the control of a test. */
async function scene(
  argv: readonly string[] = [APP_COMMAND],
  path?: string,
  onStopped: () => Promise<void> = async () => {},
) {
  const { log, lines } = collectLog();
  const ends: EndedApp[] = [];
  const ups: boolean[] = [];
  const lost = { runs: 0 };
  const app = startApp({
    name: "web",
    argv,
    directory: scratchDirectory(),
    env: { PATH: process.env["PATH"] },
    isBehindProxy: true,
    rules: restartRules({ policy: "on-failure", max: 0 }),
    graceMs: 3000,
    log,
    appLog: log,
    onUp: (isUp) => void ups.push(isUp),
    onLate: () => undefined,
    onEnd: (end) => void ends.push(end),
  });
  onTestFinished(() => app.stop());
  await expect.poll(() => app.state().phase, PATIENCE).toBe("up");
  const control = controlApp({
    app,
    path,
    onStopped: async () => {
      lost.runs += 1;
      await onStopped();
    },
    log,
    startMs: 20_000,
  });
  return { app, control, ends, ups, lost, lines };
}

test("a restart is no crash: the app has a new life, its budget of restarts is untouched, and the reason is logged", async () => {
  const { app, control, ends, ups, lost, lines } = await scene();
  const before = app.state().pid;

  await control.restart("the sheet moved");
  await control.restart("once more");

  expect(app.state()).toMatchObject({ phase: "up" });
  expect(app.state().pid).not.toBe(before);
  expect(ends).toEqual([]);
  expect(ups).toEqual([true, false, true, false, true]);
  expect(lost.runs).toBe(2);
  expect(lines).toContainEqual(expect.objectContaining({ reason: "the sheet moved" }));
});

test("an app that is stopped stays down until it is started, and nobody else can restart it meanwhile", async () => {
  const { app, control } = await scene();

  await control.stop();
  const refused = control.restart("in between");

  await expect(refused).rejects.toThrow("the app is stopped already, by another operation");
  await expect(control.check()).rejects.toThrow("the app is stopped");
  expect(app.state().phase).toBe("paused");
  await control.start();
  await control.check();
  expect(app.state().phase).toBe("up");
});

test("an app is started again when what follows its stop fails, because who asked does not go on", async () => {
  const { app, control } = await scene([APP_COMMAND], undefined, async () => {
    throw new Error("the store is away");
  });
  const before = app.state().pid;

  await expect(control.stop()).rejects.toThrow("the store is away");

  await control.check();
  expect(app.state().phase).toBe("up");
  expect(app.state().pid).not.toBe(before);
});

test("an app whose own path does not answer, or that ends after its start, is not well", async () => {
  const broken = await scene([APP_COMMAND], "/crash");

  await expect(broken.control.check()).rejects.toThrow(
    "the app ended after its start: ended with 3",
  );
});

test("the path that says that an app is well is its watchdog's, else that of a check", () => {
  const health = {
    checks: [
      { name: "db", kind: "ready" as const, probe: { kind: "sqlite" as const, path: "a.db" } },
      { name: "self", kind: "live" as const, probe: { kind: "http" as const, path: "/ping" } },
    ],
  };

  expect(wellPath({ path: "/alive" }, health)).toBe("/alive");
  expect(wellPath(undefined, health)).toBe("/ping");
  expect(wellPath(undefined, undefined)).toBeUndefined();
});
