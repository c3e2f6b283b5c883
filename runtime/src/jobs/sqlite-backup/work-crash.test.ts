import { createHash, randomInt } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as wait } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { requireCapability } from "../../../../tests/capabilities.ts";
import { EXIT } from "../../contract/exit-code.ts";
import { jobContext } from "../../../testing/job-context.ts";
import {
  type BeforeStart,
  startProgram,
  type TestProgram,
} from "../../../testing/started-module.ts";
import { withBackupLock } from "../../backups/database-hold.ts";
import { work as backUpSqlite } from "./work.ts";

/** A run on two slow cores: starting Node takes most of it. */
const LIMIT_MS = 300_000;

const ROWS = 20_000;

/** The figure of the project: a kill at 50 random points spoils no file. */
const KILLS = 50;

/** The longest wait before the first kill; it follows the machine's speed from then on. */
const KILL_WITHIN_MS = 300;

const LATER = 1.2;
const EARLIER = 0.8;

const OPTIONS = { database: "ventas.db", directory: "backups", prefix: "ventas_", keep: 3 };

test(
  "a process that is killed in a backup leaves a valid file or none, and the next one succeeds",
  { timeout: LIMIT_MS },
  async () => {
    const directory = withDatabase();
    const loop = `for (;;) await backUpSqlite(context); `;
    const whole = new Set<string>();
    let withinMs = KILL_WITHIN_MS;
    for (let kill = 0; kill < KILLS; kill += 1) {
      const child = start(directory, loop);
      await child.said("ready");
      await wait(randomInt(Math.ceil(withinMs)));
      child.kill();
      expect(await child.ended, child.text()).toBe("SIGKILL");
      const unseen = backups(directory).filter((name) => !whole.has(name));
      for (const name of unseen) expectWhole(directory, name);
      for (const name of unseen) whole.add(name);
      // So that kills come during the first backups, however long one takes.
      withinMs *= unseen.length === 0 ? LATER : EARLIER;
    }
    expect(whole.size).toBeGreaterThan(0);

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
    const child = start(directory, "await backUpSqlite(context);", {
      shell: ["trap '' XFSZ; ulimit -f 1024"],
    });

    expect(await child.ended).toBe(1);
    expect(child.text()).toContain("ventas.db: could not be copied");
    const names = readdirSync(join(directory, "backups")).toSorted();
    expect(names).toEqual([".ventas_lock", first.details["file"], `${first.details["file"]}.json`]);
  },
);

test(
  "a disk that is full while a backup is made leaves nothing half-written, and the next one succeeds",
  { timeout: LIMIT_MS },
  async (context) => {
    await requireCapability(context, "smallDisk");
    const directory = withDatabase();

    const child = start(directory, FILL_DISK, { under: ["unshare", "--mount"] });

    expect(await child.ended, child.text()).toBe(0);
    const [full, after] = child
      .text()
      .split("\n")
      .slice(1)
      .map((line) => line && JSON.parse(line));
    expect(full.message).toMatch(
      /ventas\.db: could not be copied: database or disk is full\. Older/,
    );
    expect(full.names).toEqual([".ventas_lock", "fill"]);
    expect(after).toEqual({ status: "ok" });
  },
);

/**
 * On a disk of its own, as large as the backup and what must stay free: it is filled by somebody else
 * as soon as the copy has begun. A copy that was faster than that is made again.
 */
const FILL_DISK = `
  const { execFileSync } = await import("node:child_process");
  const { mkdirSync, readdirSync, rmSync, writeFileSync } = await import("node:fs");
  const { join } = await import("node:path");
  const disk = join(context.directory, "backups");
  mkdirSync(disk);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=32m", "none", disk]);
  const fill = () => {
    const isCopying = readdirSync(disk).some((name) => name.endsWith(".part"));
    try {
      if (isCopying) writeFileSync(join(disk, "fill"), Buffer.alloc(40 * 1024 * 1024));
    } catch {}
  };
  let message;
  for (let attempt = 0; attempt < 20 && !message; attempt += 1) {
    for (const name of readdirSync(disk)) rmSync(join(disk, name));
    const filling = setInterval(fill, 1);
    await backUpSqlite(context).catch((error) => (message = error.message));
    clearInterval(filling);
  }
  console.log(JSON.stringify({ message, names: readdirSync(disk).toSorted() }));
  rmSync(join(disk, "fill"));
  const { status } = await backUpSqlite(context);
  console.log(JSON.stringify({ status }));`;

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
      `const { withBackupLock } = await import("../../backups/database-hold.ts");
       const lock = { directory: ${JSON.stringify(backupDirectory)}, prefix: "ventas_", signal: context.signal };
       await withBackupLock(lock, async () => { console.log("held"); await new Promise((resolve) => setTimeout(resolve, 1e6)); });`,
    );
    await holder.said("held");

    const lock = { directory: backupDirectory, prefix: "ventas_", signal, waitMs: 100 };
    const blocked = withBackupLock(lock, async () => "work");
    await expect(blocked).rejects.toMatchObject({
      message: "another backup or restore of the same database is in progress. Nothing was done.",
      exitCode: EXIT.temporary,
    });
    await expect(backUpSqlite(context)).rejects.toThrow(
      "another backup or restore of the same database",
    );
    expect(backups(directory)).toHaveLength(1);

    holder.kill();
    expect(await withBackupLock({ ...lock, waitMs: LIMIT_MS }, async () => "work")).toBe("work");
  },
);

/** A process that says `ready` and then does what it is told, with a `context` of a manual run. */
function start(directory: string, program: string, before: BeforeStart = {}): TestProgram {
  const context = JSON.stringify({ directory, options: OPTIONS, actor: "manual test" });
  const text = `
    const { work: backUpSqlite } = await import("./work.ts");
    const { jobContext } = await import("../../../testing/job-context.ts");
    const context = jobContext(${context});
    console.log("ready");
    ${program}`;
  return startProgram(import.meta.dirname, text, before);
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

/** None if the kill came before their directory was made. */
function backups(directory: string): string[] {
  const path = join(directory, "backups");
  return existsSync(path) ? readdirSync(path).filter((name) => /^ventas_.*\.db$/.test(name)) : [];
}

/** A backup that is whole, with the note that was written of just this file. */
function expectWhole(directory: string, name: string): void {
  const path = join(directory, "backups", name);
  const note = JSON.parse(readFileSync(`${path}.json`, "utf8"));
  const sha256 = createHash("sha256").update(readFileSync(path)).digest("hex");
  expect(note).toMatchObject({ file: name, sha256, rows: { usuarios: ROWS } });
  using copy = new DatabaseSync(path, { readOnly: true });
  expect(copy.prepare("PRAGMA integrity_check").get(), name).toEqual({ integrity_check: "ok" });
  expect(copy.prepare("SELECT count(*) AS n FROM usuarios").get()).toEqual({ n: ROWS });
}
