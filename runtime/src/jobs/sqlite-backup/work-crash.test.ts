import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, expect, onTestFinished, test } from "vitest";
import { EXIT } from "../../exit-code.ts";
import { jobContext } from "../../testing/job-context.ts";
import { withBackupLock } from "./backup-lock.ts";
import { backUpSqlite } from "./work.ts";

/** A run on two slow cores: starting Node takes most of it. */
const LIMIT_MS = 120_000;

const ROWS = 20_000;

const KILLS = 10;

/** The longest wait before a kill; a backup of the test's database takes about a fifth of it. */
const KILL_WITHIN_MS = 500;

const OPTIONS = { database: "ventas.db", directory: "backups", prefix: "ventas_", keep: 3 };

const started = new Set<ChildProcess>();

afterEach(() => {
  for (const child of started) child.kill("SIGKILL");
  started.clear();
});

test(
  "a process that is killed in a backup leaves a valid file or none, and the next one succeeds",
  { timeout: LIMIT_MS },
  async () => {
    const directory = withDatabase();
    const loop = `for (;;) await backUpSqlite(context); `;
    for (let kill = 0; kill < KILLS; kill += 1) {
      const child = start(directory, loop);
      await child.said("ready");
      await wait(randomInt(KILL_WITHIN_MS));
      child.kill();
      expect(await child.ended, child.text()).toBe("SIGKILL");
      for (const name of backups(directory)) expect(rowsOf(directory, name), name).toBe(ROWS);
    }

    const context = jobContext({ directory, options: OPTIONS, actor: "manual test" });
    const { status } = await backUpSqlite(context);

    expect(status).toBe("ok");
    expect(readdirSync(join(directory, "backups")).filter((name) => /part/.test(name))).toEqual([]);
  },
);

test(
  "a disk that takes no more leaves nothing half-written, and the older backups",
  { timeout: LIMIT_MS },
  async () => {
    const directory = withDatabase();
    const context = jobContext({ directory, options: OPTIONS, actor: "manual test" });
    const first = await backUpSqlite(context);

    // In blocks of 512 bytes; the signal of a file that grows too long is ignored, as of a full disk.
    const child = start(directory, "await backUpSqlite(context);", [
      "trap '' XFSZ; ulimit -f 1024",
    ]);

    expect(await child.ended).toBe(1);
    expect(child.text()).toContain("ventas.db: could not be copied");
    const names = readdirSync(join(directory, "backups")).toSorted();
    expect(names).toEqual([".ventas_lock", first.details["file"], `${first.details["file"]}.json`]);
  },
);

test(
  "without the lock there is no backup, and a holder that was killed does not hold it",
  { timeout: LIMIT_MS },
  async () => {
    const directory = withDatabase();
    const backupDirectory = join(directory, "backups");
    const { signal } = new AbortController();
    const context = jobContext({ directory, options: OPTIONS, actor: "manual test" });
    await backUpSqlite(context);
    const holder = start(
      directory,
      `const { withBackupLock } = await import(${JSON.stringify(moduleOf("backup-lock.ts"))});
       const lock = { directory: ${JSON.stringify(backupDirectory)}, prefix: "ventas_", signal: context.signal };
       await withBackupLock(lock, async () => { console.log("held"); await new Promise((resolve) => setTimeout(resolve, 1e6)); });`,
    );
    await holder.said("held");

    const lock = { directory: backupDirectory, prefix: "ventas_", signal, waitMs: 100 };
    const blocked = withBackupLock(lock, async () => "work");
    await expect(blocked).rejects.toMatchObject({
      message: "another backup of the same database is under way. No backup was made.",
      exitCode: EXIT.temporary,
    });
    await expect(backUpSqlite(context)).rejects.toThrow("another backup of the same database");
    expect(backups(directory)).toHaveLength(1);

    holder.kill();
    expect(await withBackupLock({ ...lock, waitMs: LIMIT_MS }, async () => "work")).toBe("work");
  },
);

/** A process of a test. */
interface Program {
  /** Waits until it wrote the word; fails when it ends before. */
  said(word: string): Promise<void>;
  text(): string;
  kill(): void;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<unknown>;
}

/** A process that says `ready` and then does what it is told, with a `context` of a manual run. */
function start(directory: string, program: string, shell: string[] = []): Program {
  const context = JSON.stringify({ directory, options: OPTIONS, actor: "manual test" });
  const text = `
    const { backUpSqlite } = await import(${JSON.stringify(moduleOf("work.ts"))});
    const { jobContext } = await import(${JSON.stringify(moduleOf("../../testing/job-context.ts"))});
    const context = jobContext(${context});
    console.log("ready");
    ${program}`;
  const node = [process.execPath, "--input-type=module", "-e", text];
  const argv = ["-c", [...shell, 'exec "$@" 2>&1'].join("; "), "sh", ...node];
  const child = spawn("/bin/sh", argv, { stdio: ["ignore", "pipe", "inherit"] });
  started.add(child);
  let heard = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => (heard += part));
  const ended = once(child, "close").then(([code, signal]) => code ?? signal);
  return {
    said: (word) => expect.poll(() => heard, { timeout: LIMIT_MS }).toContain(word),
    text: () => heard,
    kill: () => void child.kill("SIGKILL"),
    ended,
  };
}

function moduleOf(path: string): string {
  return join(import.meta.dirname, path);
}

function withDatabase(): string {
  const directory = mkdtempSync(join(tmpdir(), "backup-crash-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  using database = new DatabaseSync(join(directory, "ventas.db"));
  database.exec(`PRAGMA journal_mode = WAL; CREATE TABLE usuarios (id INTEGER, name TEXT);
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS})
    INSERT INTO usuarios SELECT i, hex(randomblob(200)) FROM n`);
  return directory;
}

function backups(directory: string): string[] {
  return readdirSync(join(directory, "backups"), { withFileTypes: true })
    .map(({ name }) => name)
    .filter((name) => /^ventas_.*\.db$/.test(name));
}

/** The rows of a backup that is whole; it throws for any other. */
function rowsOf(directory: string, name: string): unknown {
  using copy = new DatabaseSync(join(directory, "backups", name), { readOnly: true });
  expect(copy.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
  return copy.prepare("SELECT count(*) AS n FROM usuarios").get()?.["n"];
}
