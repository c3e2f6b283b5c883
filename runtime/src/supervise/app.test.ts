import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { collectLog } from "../../testing/log-lines.ts";
import { scratchDirectory } from "../../testing/scratch-directory.ts";
import { APP_COMMAND } from "../../testing/supervised.ts";
import { startApp, type App, type AppOptions, type EndedApp } from "./app.ts";
import { restartRules } from "./restart-policy.ts";
import { restoreAction } from "./restore-action.ts";

const PATIENCE = { timeout: 60_000, interval: 50 };

function run(argv: readonly string[], given: Partial<AppOptions> = {}) {
  const { log, lines } = collectLog();
  const late: string[] = [];
  const ends: EndedApp[] = [];
  const ups: boolean[] = [];
  const app = startApp({
    name: "web",
    argv,
    directory: scratchDirectory(),
    env: { PATH: process.env["PATH"] },
    isBehindProxy: true,
    rules: restartRules({ policy: "on-failure", max: 3 }),
    graceMs: 3000,
    log,
    appLog: log,
    onUp: (isUp) => void ups.push(isUp),
    onLate: (problem) => void late.push(problem),
    onEnd: (end) => void ends.push(end),
    ...given,
  });
  onTestFinished(() => app.stop());
  return { app, ends, ups, late, lines };
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

test("an app that never opens its port says so, and runs on", async () => {
  const { app, late, lines } = run(["exec sleep 300"], { listenMs: 300 });

  await expect.poll(() => late.length, PATIENCE).toBe(1);

  const { phase, port, problem } = app.state();
  expect(phase).toBe("starting");
  expect(problem).toBe(
    `web did not listen on $PORT (${port}) within 0.3 s; a bot without a port needs \`opsPort\``,
  );
  expect(late).toEqual([problem]);
  expect(lines).toContainEqual(expect.objectContaining({ msg: problem }));
});

test.runIf(process.platform === "linux")(
  "a port that another process took is not up, until the app has it",
  async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const { app, lines, ups } = run(
      [`while ! env -i PORT=$PORT ${APP_COMMAND.replace("exec ", "")}; do sleep 0.1; done`],
      {
        isBehindProxy: false,
        env: { PATH: process.env["PATH"], PORT: String(port) },
      },
    );
    const taken = { msg: "another process listens on the port of the app", pid: process.pid, port };
    await expect.poll(() => lines, PATIENCE).toContainEqual(expect.objectContaining(taken));
    expect(app.state().phase).toBe("starting");
    expect(app.upstream()).toBeUndefined();
    expect(ups).toEqual([]);

    other.close();

    await isUp(app);
    expect(app.upstream()).toEqual({ host: "127.0.0.1", port });
  },
);
