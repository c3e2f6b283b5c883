import { mkdirSync, readlinkSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { EXIT } from "../contract/exit-code.ts";
import { callJob } from "../run/remote-run.ts";
import { collectLog } from "../../testing/log-lines.ts";
import { freePort } from "../../testing/server-process.ts";
import { scratchDirectory } from "../../testing/scratch-directory.ts";
import { PATIENCE_MS, startSupervised } from "../../testing/supervised.ts";

const PATIENCE = { timeout: PATIENCE_MS, interval: 50 };
const GRACE = { graceSeconds: 10 };

test("the runtime answers on the platform's port and passes everything else on, websockets too", async () => {
  const runtime = await startSupervised();
  await runtime.line("the app is up");

  const page = await runtime.get("/shop?page=2");
  const env = JSON.parse((await runtime.get("/env")).text);
  const socket = new WebSocket(runtime.url.replace("http", "ws"));
  await once(socket, "open");
  socket.send("hello");
  const [message] = await once(socket, "message");
  socket.close();

  expect(page.text).toBe("hello /shop?page=2");
  expect(page.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  expect(`http://127.0.0.1:${env.PORT}`).not.toBe(runtime.url);
  expect(String(message)).toBe("echo hello");
  expect((await runtime.get("/healthz")).status).toBe(200);
  expect((await runtime.get("/readyz")).status).toBe(200);
});

test("until the app is up its pages are a 503 with Retry-After and the health says that it starts", async () => {
  const runtime = await startSupervised({ env: { START_DELAY_MS: "2500" } });
  await runtime.line("the app was started");

  const [page, live, ready] = await Promise.all(["/", "/healthz", "/readyz"].map(runtime.get));

  expect(page?.status).toBe(503);
  expect(page?.headers.get("retry-after")).toBe("2");
  expect(live?.status).toBe(503);
  expect(live?.text).toContain("the app is starting");
  expect(ready?.status).toBe(503);
  await runtime.line("the app is up");
  expect((await runtime.get("/healthz")).status).toBe(200);
});

test("directories are linked, a missing database is seeded and migrated before the app starts", async () => {
  const directory = scratchDirectory();
  const disk = scratchDirectory();
  const seed = new DatabaseSync(join(directory, "seed.db"));
  seed.exec("CREATE TABLE orders(id); INSERT INTO orders VALUES (7)");
  seed.close();
  mkdirSync(join(directory, "migrations"));
  writeFileSync(join(directory, "migrations/001-note.sql"), "ALTER TABLE orders ADD COLUMN note");

  const runtime = await startSupervised({
    directory,
    manifest: {
      disk: { mount: disk, persist: ["data"] },
      app: {
        ...GRACE,
        seed: { file: "data/shop.db", from: "seed.db" },
        migrate: { kind: "sqlite", path: "data/shop.db", directory: "migrations" },
      },
    },
  });
  await runtime.line("the app is up");

  expect(readlinkSync(join(directory, "data"))).toBe(join(disk, "data"));
  const made = new DatabaseSync(join(disk, "data/shop.db"), { readOnly: true });
  expect(made.prepare("SELECT id, note FROM orders").get()).toEqual({ id: 7, note: null });
  made.close();
});

test("wrong variables of jobs and of the watchdog are told at once, start no app and exit with 78", async () => {
  const runtime = await startSupervised({
    manifest: {
      app: { ...GRACE, watchdog: { heartbeat: "loop", stallEnv: "WATCHDOG_STALL_SEC" } },
      jobs: [
        {
          name: "backup",
          uses: "command",
          command: "true",
          startedBy: "schedule",
          schedule: { pattern: "0 22 * * *", timezone: "UTC", from: { hour: "BACKUP_TIME_HOUR" } },
        },
      ],
    },
    env: { BACKUP_TIME_HOUR: "25", WATCHDOG_STALL_SEC: "soon" },
  });

  expect((await runtime.exited).code).toBe(EXIT.configuration);
  expect(runtime.lines.at(-1)).toMatchObject({
    level: "fatal",
    problems: [{ where: "WATCHDOG_STALL_SEC" }, { where: "BACKUP_TIME_HOUR" }],
  });
  expect(runtime.lines.map(({ msg }) => msg)).not.toContain("the app was started");
});

test("an app that crashes is started again, and its end is recorded with its exit code", async () => {
  const runtime = await startSupervised();
  await runtime.line("the app is up");
  const before = (await runtime.get("/pid")).text;

  await runtime.get("/crash");

  await expect
    .poll(
      () => runtime.get("/pid").then(({ status, text }) => status === 200 && text !== before),
      PATIENCE,
    )
    .toBe(true);
  const { body } = await runtime.ops("/runs?job=app:end");
  expect(body["runs"]).toMatchObject([{ status: "failed", exitCode: 3, error: "ended with 3" }]);
  expect((await runtime.get("/healthz")).status).toBe(200);
});

test("when its restarts are used up the process ends with the app's own code", async () => {
  const restart = { policy: "on-failure", max: 1 } as const;
  const runtime = await startSupervised({
    manifest: { app: { ...GRACE, restart } },
    argv: ["exit 9"],
  });

  expect((await runtime.exited).code).toBe(9);
  expect(runtime.lines.filter(({ msg }) => msg === "the app was started")).toHaveLength(2);
});

test("an app whose heartbeat stays away is restarted by the watchdog, and that is recorded", async () => {
  const runtime = await startSupervised({
    manifest: {
      app: {
        ...GRACE,
        watchdog: { checkEnv: "WATCHDOG_CHECK_SEC", stallSeconds: 3, heartbeat: "loop" },
      },
      health: {
        checks: [
          {
            name: "loop",
            kind: "info",
            probe: { kind: "heartbeat", name: "loop", withinSeconds: 60 },
          },
        ],
      },
    },
    env: { BEAT_EVERY_MS: "300", WATCHDOG_CHECK_SEC: "1" },
  });
  await runtime.line("the app is up");
  const before = (await runtime.get("/pid")).text;
  await expect
    .poll(async () => JSON.parse((await runtime.get("/health")).text).components.loop.ok, PATIENCE)
    .toBe(true);

  void runtime.get("/hang").catch(() => undefined);

  const ended = await runtime.line("the watchdog ends the app");
  expect(ended["why"]).toMatch(/^no sign of life for \d s$/);
  await expect
    .poll(
      () => runtime.get("/pid").then(({ status, text }) => status === 200 && text !== before),
      PATIENCE,
    )
    .toBe(true);
  const { body } = await runtime.ops("/runs?job=app:end");
  expect(body["runs"]).toMatchObject([
    { status: "timed-out", error: expect.stringContaining("watchdog") },
  ]);
});

test("health and ops are on a port of their own when the runtime is not in front", async () => {
  const opsPort = await freePort();
  const runtime = await startSupervised({ manifest: { app: { ...GRACE, front: false, opsPort } } });
  await runtime.line("the app is up");

  expect((await runtime.get("/healthz")).text).toBe("hello /healthz");
  expect((await fetch(`http://127.0.0.1:${opsPort}/healthz`)).status).toBe(200);
});

test("several arguments are a program, and the app's own JSON lines pass as they are", async () => {
  const script = `console.log(JSON.stringify({ msg: "own", bot: "c1c", token: "x" })); console.log("plain")`;
  const runtime = await startSupervised({
    argv: [process.execPath, "-e", script],
    manifest: { app: { ...GRACE, restart: { policy: "never" } } },
  });

  expect((await runtime.exited).code).toBe(0);
  expect(await runtime.line("own")).toMatchObject({ msg: "own", bot: "c1c" });
  expect(await runtime.line("plain")).toMatchObject({ logger: "app", stream: "stdout" });
});

test("a call from elsewhere runs the job here and gets its record", async () => {
  const job = { name: "trim", uses: "command", startedBy: "call", command: "exit 4" } as const;
  const runtime = await startSupervised({
    manifest: { jobs: [job] },
    env: { OPSPEC_CALL_TOKEN: "call-token" },
  });
  await runtime.line("the app is up");
  const { log } = collectLog();
  const url = new URL(runtime.url);
  const runId = crypto.randomUUID();

  const record = await callJob(
    { job: "trim", actor: "call", runId, url, token: "call-token", awayMsMax: 60_000 },
    log,
  );

  expect(record).toMatchObject({ runId, status: "failed", exitCode: 4, actor: "call" });
});
