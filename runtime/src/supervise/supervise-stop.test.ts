import { join } from "node:path";
import { expect, test } from "vitest";
import { scratchDirectory } from "../../testing/scratch-directory.ts";
import { recordTexts } from "../../testing/record-texts.ts";
import { PATIENCE_MS, startSupervised } from "../../testing/supervised.ts";

const PATIENCE = { timeout: PATIENCE_MS, interval: 50 };

const LONG_JOB = {
  name: "report",
  uses: "command",
  startedBy: "call",
  command: "sleep 60",
} as const;

test("SIGTERM ends in order: not ready, jobs recorded as interrupted, then the app, and exit 0", async () => {
  const directory = scratchDirectory();
  const records = join(directory, "state.db");
  const runtime = await startSupervised({
    directory,
    manifest: { jobs: [LONG_JOB], stores: { records: { kind: "sqlite", path: records } } },
  });
  await runtime.line("the app is up");
  await runtime.ops("/jobs/report/run", { method: "POST", body: "{}" });
  await expect
    .poll(async () => (await runtime.ops("/jobs/report")).body["running"], PATIENCE)
    .toHaveLength(1);
  const slow = runtime.get("/slow");
  await expect.poll(() => recordTexts(records)).toHaveLength(1);

  runtime.signal("SIGTERM");

  expect((await runtime.exited).code).toBe(0);
  expect((await slow).text).toBe("late");
  const order = runtime.lines.map(({ msg, status }) =>
    msg === "run" ? `run ${String(status)}` : msg,
  );
  const steps = ["stopping", "run interrupted", "app: told to end", "stopped"];
  expect(order.filter((it) => steps.includes(String(it)))).toEqual(steps);
  expect(recordTexts(records).join()).toContain('"status":"interrupted"');
});

test("an app that does not end is killed before the platform would kill all", async () => {
  const runtime = await startSupervised({
    manifest: { app: { graceSeconds: 4 } },
    env: { IGNORE_SIGTERM: "1" },
  });
  await runtime.line("the app is up");
  const pid = Number((await runtime.get("/pid")).text);
  const beganMs = performance.now();

  runtime.signal("SIGTERM");

  expect((await runtime.exited).code).toBe(0);
  expect(performance.now() - beganMs).toBeGreaterThan(2000);
  expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
});

test("a second SIGTERM ends everything at once", async () => {
  const runtime = await startSupervised({
    manifest: { app: { graceSeconds: 600 } },
    env: { IGNORE_SIGTERM: "1" },
  });
  await runtime.line("the app is up");
  const pid = Number((await runtime.get("/pid")).text);

  runtime.signal("SIGTERM");
  await runtime.line("app: told to end");
  runtime.signal("SIGTERM");

  await runtime.exited;
  await expect.poll(() => isAlive(pid), PATIENCE).toBe(false);
});

test("SIGTERM while a gate is waited for ends at once, without the app", async () => {
  const gate = {
    name: "db",
    kind: "tcp",
    host: "127.0.0.1",
    port: 1,
    timeoutSeconds: 600,
  } as const;
  const runtime = await startSupervised({ manifest: { app: { graceSeconds: 10, gates: [gate] } } });
  await expect
    .poll(
      () =>
        runtime.get("/healthz").then(
          () => true,
          () => false,
        ),
      PATIENCE,
    )
    .toBe(true);

  runtime.signal("SIGTERM");

  expect((await runtime.exited).code).toBe(0);
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("a run that does not end in the platform's time is recorded before all is killed", async () => {
  const directory = scratchDirectory();
  const records = join(directory, "state.db");
  const stubborn = {
    ...LONG_JOB,
    command: "trap '' TERM; sleep 60 & wait; wait",
    graceSeconds: 600,
  };
  const runtime = await startSupervised({
    directory,
    manifest: {
      app: { graceSeconds: 4 },
      jobs: [stubborn],
      stores: { records: { kind: "sqlite", path: records } },
    },
  });
  await runtime.line("the app is up");
  await runtime.ops("/jobs/report/run", { method: "POST", body: "{}" });
  await expect
    .poll(async () => (await runtime.ops("/jobs/report")).body["running"], PATIENCE)
    .toHaveLength(1);

  runtime.signal("SIGTERM");

  expect((await runtime.exited).code).toBe(0);
  expect(recordTexts(records).join()).toContain('"status":"interrupted"');
});
