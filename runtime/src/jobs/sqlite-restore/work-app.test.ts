import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, expect, onTestFinished, test } from "vitest";
import { EXIT } from "../../contract/exit-code.ts";
import type { JobContext } from "../definition.ts";
import type { AppControl } from "../../run/app-control.ts";
import { type App, startApp } from "../../supervise/app.ts";
import { controlApp } from "../../supervise/app-control.ts";
import { clockAt, jobContext } from "../../../testing/job-context.ts";
import { collectLog } from "../../../testing/log-lines.ts";
import { work as backUpSqlite } from "../sqlite-backup/work.ts";
import { work as restoreSqlite } from "./work.ts";

/** Starts and stops of Node on two slow cores. */
const LIMIT_MS = 120_000;

const OPTIONS = { database: "ventas.db", directory: "backups", prefix: "ventas_" };

const BACKUP = "ventas_20260106_220000.db";

/** An app that keeps its database open, writes at its start, and cannot live with version 1 of it. */
const APP = `
  import { DatabaseSync } from "node:sqlite";
  import { createServer } from "node:http";
  const database = new DatabaseSync("ventas.db");
  database.exec("PRAGMA journal_mode = WAL; INSERT INTO usuarios VALUES (0, 'start')");
  const { user_version: version } = database.prepare("PRAGMA user_version").get();
  const answer = (_, response) => response.writeHead(version === 1 ? 500 : 200).end();
  createServer(answer).listen(process.env.PORT, "127.0.0.1");
  process.on("SIGTERM", () => process.exit(0));`;

const started = new Set<ChildProcess>();

afterEach(() => {
  for (const child of started) child.kill("SIGKILL");
  started.clear();
});

test(
  "the supervised app is stopped, gets the database of the backup, and runs with it",
  { timeout: LIMIT_MS },
  async () => {
    const given = await withBackup({ version: 0 });
    const { app, control } = await supervised(given.directory);

    const pid = app.state().pid;
    const { status, details } = await restoreSqlite({ ...given, app: control });

    expect(status).toBe("ok");
    expect(details).toMatchObject({ outcome: "restored", backup: BACKUP, app: "restarted" });
    expect(app.state().pid).not.toBe(pid);
    // Of the backup the three, and one of the app's new start.
    expect(rowsOf(given, "ventas.db")).toBe(4);
    // What the app had written before is in the safety copy, and nowhere lost.
    expect(rowsOf(given, String(details["safetyCopy"]))).toBe(3 + 50 + 1);
  },
);

test(
  "when the app is not well with it, the old database comes back and the run fails",
  { timeout: LIMIT_MS },
  async () => {
    const given = await withBackup({ version: 1 });
    const { control } = await supervised(given.directory, 3_000);

    await expect(restoreSqlite({ ...given, app: control })).rejects.toMatchObject({
      message: expect.stringMatching(
        /^ventas_20260106_220000\.db: the app is not well after 3 s: \/ answered HTTP 500\. The app was not healthy/,
      ),
      details: { outcome: "rolled-back", safetyCopy: expect.stringContaining("before_restore-") },
    });

    await control.check();
    // The three and the fifty, and a row of each start of the app with this database.
    expect(rowsOf(given, "ventas.db")).toBe(3 + 50 + 2);
  },
);

test(
  "a process that is stopped while it looks at the app keeps what it restored, and says so",
  { timeout: LIMIT_MS },
  async () => {
    const given = await withBackup({ version: 1 });
    const { app, control } = await supervised(given.directory, LIMIT_MS);
    const pid = app.state().pid;
    const stop = new AbortController();

    const running = restoreSqlite({ ...given, app: control, signal: stop.signal });
    const told = expect(running).rejects.toMatchObject({
      message: expect.stringContaining("the process ended before the app could be checked"),
      details: { outcome: "unchecked", safetyCopy: expect.stringContaining("before_restore-") },
    });
    const isAnother = () => app.state().phase === "up" && app.state().pid !== pid;
    await expect.poll(isAnother, { timeout: LIMIT_MS }).toBe(true);
    stop.abort();

    await told;
    // The app is there with version 1 of it, and not with the one that was there before.
    expect(rowsOf(given, "ventas.db")).toBe(3 + 1);
  },
);

test(
  "a bad file costs the app nothing: it is not even stopped",
  { timeout: LIMIT_MS },
  async () => {
    const given = await withBackup({ version: 0 });
    const { app, control } = await supervised(given.directory);
    const pid = app.state().pid;

    const input = { ...given.input, sha256: "0".repeat(64) };
    await expect(restoreSqlite({ ...given, input, app: control })).rejects.toThrow("its SHA-256");

    expect(app.state().pid).toBe(pid);
  },
);

test(
  "a writer that is not the supervised app is refused, and the app starts again with its database",
  { timeout: LIMIT_MS },
  async () => {
    const given = await withBackup({ version: 0 });
    const { control } = await supervised(given.directory);
    const writer = await otherWriter(given.directory);

    await expect(restoreSqlite({ ...given, app: control })).rejects.toMatchObject({
      message: expect.stringContaining(`(process ${writer.pid}) has it open. Nothing was restored`),
      details: { outcome: "not-restored", safetyCopy: null },
    });

    await control.check();
    expect(rowsOf(given, "ventas.db")).toBe(3 + 50 + 2);
  },
);

test(
  "without an app to stop, a database that another process has open is refused, in every journal mode",
  { timeout: LIMIT_MS },
  async () => {
    for (const mode of ["WAL", "DELETE"]) {
      const given = await withBackup({ version: 0 });
      const writer = await otherWriter(given.directory, mode);

      await expect(restoreSqlite(given)).rejects.toMatchObject({
        message: `${join(given.directory, "ventas.db")}: node (process ${writer.pid}) has it open. Nothing was restored. Stop it first, or let the service that supervises the app do all steps: opspec-runtime call job --input backup=${BACKUP}.`,
        exitCode: EXIT.temporary,
      });
      const dryRun = await restoreSqlite({ ...given, dryRun: true });
      expect(dryRun.details["openIn"]).toBe(`node (process ${writer.pid})`);

      writer.kill("SIGKILL");
      await once(writer, "exit");
      expect((await restoreSqlite(given)).status, mode).toBe("ok");
      expect(existsSync(join(given.directory, "ventas.db-wal"))).toBe(false);
      expect(readdirSync(given.directory).filter((name) => name.includes(".part"))).toEqual([]);
    }
  },
);

/** Three users in a backup, fifty more since, and a database whose version the app knows. */
async function withBackup({ version }: { version: number }): Promise<JobContext> {
  const directory = mkdtempSync(join(tmpdir(), "restore-app-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  using database = new DatabaseSync(join(directory, "ventas.db"));
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA user_version = ${version};
    CREATE TABLE usuarios (id INTEGER, name TEXT);
    INSERT INTO usuarios VALUES (1, 'a'), (2, 'b'), (3, 'c')`);
  const given = jobContext({ directory, options: OPTIONS, actor: "manual ana" });
  await backUpSqlite(given, clockAt("2026-01-06T22:00:00Z"));
  database.exec(`PRAGMA user_version = 2;
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50)
    INSERT INTO usuarios SELECT i, 'later' FROM n`);
  return { ...given, input: { backup: BACKUP } };
}

/** The app under the supervisor's own control, up and well. */
async function supervised(
  directory: string,
  startMs?: number,
): Promise<{ app: App; control: AppControl }> {
  const { log } = collectLog();
  const app = startApp({
    name: "web",
    argv: [process.execPath, "--input-type=module", "-e", APP],
    directory,
    env: { PATH: process.env["PATH"] },
    isBehindProxy: true,
    rules: { policy: "never", max: 0, windowMs: 1000 },
    graceMs: 5000,
    log,
    appLog: log,
    onUp: () => {},
    onLate: () => undefined,
    onEnd: () => {},
  });
  onTestFinished(() => app.stop());
  const control = controlApp({
    app,
    path: "/",
    onStopped: async () => {},
    log,
    ...(startMs === undefined ? {} : { startMs }),
  });
  await control.check();
  return { app, control };
}

/** Another process that has the database open and does nothing with it. */
async function otherWriter(directory: string, mode = "WAL"): Promise<ChildProcess> {
  const program = `
    import { DatabaseSync } from "node:sqlite";
    const database = new DatabaseSync("ventas.db", { timeout: 5000 });
    database.exec("PRAGMA journal_mode = ${mode}; CREATE TABLE IF NOT EXISTS other (id)");
    console.log("open");
    setInterval(() => database.prepare("SELECT 1").get(), 1000);`;
  const argv = ["--input-type=module", "-e", program];
  const child = spawn(process.execPath, argv, {
    cwd: directory,
    stdio: ["ignore", "pipe", "inherit"],
  });
  started.add(child);
  await once(child.stdout, "data");
  return child;
}

function rowsOf({ directory }: JobContext, name: string): unknown {
  const path = name.startsWith("/") ? name : join(directory, name);
  using database = new DatabaseSync(path, { readOnly: true });
  expect(database.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
  return database.prepare("SELECT count(*) AS n FROM usuarios").get()?.["n"];
}
