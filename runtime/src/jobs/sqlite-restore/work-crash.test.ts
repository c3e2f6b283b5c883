import { randomInt } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as wait } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { jobContext } from "../../../testing/job-context.ts";
import { startProgram } from "../../../testing/started-module.ts";
import { work as backUpSqlite } from "../sqlite-backup/work.ts";
import { work as restoreSqlite } from "./work.ts";

/** 50 starts of Node on two slow cores that are busy with other tests. */
const LIMIT_MS = 300_000;

/** The figure of the project: a kill at 50 random points spoils no file. */
const KILLS = 50;

/** The longest wait before the first kill; it follows the machine's speed from then on. */
const KILL_WITHIN_MS = 400;

const LATER = 1.2;
const EARLIER = 0.8;

const BACKUP_ROWS = 5_000;

/** What the database has beyond the backup: half of it in the file, half only in the log. */
const LATER_ROWS = 1_000;

const OPTIONS = { database: "ventas.db", directory: "backups", prefix: "ventas_" };

test(
  "a process that is killed in a restore leaves the whole old database or the whole new one, never a mixture",
  { timeout: LIMIT_MS },
  async () => {
    const { directory, backup, files } = await withBackup();
    const seen = { old: 0, new: 0 };
    let withinMs = KILL_WITHIN_MS;
    for (let kill = 0; kill < KILLS; kill += 1) {
      putBack(directory, files);
      const context = { directory, options: OPTIONS, actor: "manual test", input: { backup } };
      const child = startProgram(
        import.meta.dirname,
        `const { work: restoreSqlite } = await import("./work.ts");
         const { jobContext } = await import("../../../testing/job-context.ts");
         const context = jobContext(${JSON.stringify(context)});
         console.log("ready");
         await restoreSqlite(context);
         console.log("done");`,
      );
      await child.said("ready");
      await wait(randomInt(Math.ceil(withinMs)));
      child.kill();
      await child.ended;
      const state = stateOf(directory);
      seen[state] += 1;
      // So that about as many kills come before the change as after it, wherever that is.
      withinMs *= state === "old" ? LATER : EARLIER;
      for (const name of safetyCopies(directory)) {
        expect(rowsOf(join(directory, name)), name).toBe(BACKUP_ROWS + 2 * LATER_ROWS);
      }
    }
    // With only one of them, the kills would all have missed what they were to hit.
    expect(Math.min(seen.old, seen.new)).toBeGreaterThan(0);

    const context = jobContext({ directory, options: OPTIONS, actor: "manual", input: { backup } });
    expect((await restoreSqlite(context)).status).toBe("ok");
    expect(readdirSync(directory).filter((name) => name.includes(".part"))).toEqual([]);
  },
);

type Files = ReadonlyMap<string, Buffer>;

/** A backup of a database that went on since, and the files of that database with rows in its log. */
async function withBackup() {
  const directory = mkdtempSync(join(tmpdir(), "restore-crash-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  mkdirSync(join(directory, "backups"));
  const path = join(directory, "ventas.db");
  using database = new DatabaseSync(path);
  database.exec(`PRAGMA journal_mode = WAL; CREATE TABLE usuarios (id INTEGER, name TEXT);
    CREATE INDEX by_name ON usuarios (name)`);
  insert(database, BACKUP_ROWS, "in the backup");
  const given = jobContext({ directory, options: OPTIONS, actor: "manual test" });
  const { details } = await backUpSqlite(given);
  insert(database, LATER_ROWS, "in the file");
  database.exec("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA wal_autocheckpoint = 0");
  insert(database, LATER_ROWS, "in the log");
  const files = new Map([path, `${path}-wal`].map((file) => [file, readFileSync(file)]));
  return { directory, backup: String(details["file"]), files };
}

function insert(database: DatabaseSync, rows: number, name: string): void {
  database.exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
    INSERT INTO usuarios SELECT i, '${name}' || hex(randomblob(100)) FROM n`);
}

/** The old database as a killed app leaves it, and no safety copies. */
function putBack(directory: string, files: Files): void {
  const own = readdirSync(directory).filter((name) => /^\.?ventas\.db/.test(name));
  for (const name of own) rmSync(join(directory, name));
  for (const [path, bytes] of files) writeFileSync(path, bytes);
}

/** Which of the two the database is, by all of its rows; anything else fails. */
function stateOf(directory: string): "old" | "new" {
  const rows = rowsOf(join(directory, "ventas.db"));
  expect([BACKUP_ROWS, BACKUP_ROWS + 2 * LATER_ROWS]).toContain(rows);
  return rows === BACKUP_ROWS ? "new" : "old";
}

function safetyCopies(directory: string): string[] {
  return readdirSync(directory).filter((name) => name.startsWith("ventas.db.before_restore-"));
}

/** The rows of a database that is whole; it throws for any other. */
function rowsOf(path: string): unknown {
  using database = new DatabaseSync(path);
  expect(database.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
  const { all, found } =
    database
      .prepare(
        `SELECT (SELECT count(*) FROM usuarios NOT INDEXED) AS "all",
       (SELECT count(*) FROM usuarios INDEXED BY by_name WHERE name > '') AS found`,
      )
      .get() ?? {};
  expect(found).toBe(all);
  return all;
}
