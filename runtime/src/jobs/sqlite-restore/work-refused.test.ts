import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { withBackupLock } from "../../backups/database-hold.ts";
import { EXIT } from "../../contract/exit-code.ts";
import type { JobContext } from "../definition.ts";
import { appDatabase, backupScene, OPTIONS } from "../../../testing/backup-scene.ts";
import { clockAt } from "../../../testing/job-context.ts";
import { work as backUpSqlite } from "../sqlite-backup/work.ts";
import { work as restoreSqlite } from "./work.ts";

const BACKUP = "ventas_20260106_220000.db";

const AT = clockAt("2026-01-07T12:00:00Z");

const PAGE_BYTES = 4096;

/** A locked database is waited for some seconds. */
const LIMIT_MS = 60_000;

test("a file without any table is refused: it would be the loss of all data", async () => {
  const given = await withBackup();
  writeFileSync(join(given.directory, "backups", "ventas_20260107_000000.db"), "");

  const restoring = restoreSqlite({ ...given, input: { backup: "ventas_20260107_000000.db" } }, AT);

  await expect(restoring).rejects.toThrow(
    "ventas_20260107_000000.db: it has no tables. It was not restored, and the database is as it was.",
  );
  expect(rowsOf(given)).toBe(5);
});

test("of a damaged file only its damage is told, a line each", async () => {
  const given = await withBackup();
  const options = { ...OPTIONS, tables: ["usuarios"] };
  writeFileSync(
    join(given.directory, "backups", "ventas_20260107_000000.db"),
    "no database at all",
  );
  damage(join(given.directory, "backups", BACKUP));
  const told = (file: string) =>
    restoreSqlite({ ...given, options, input: { backup: file, sha256: undefined } }, AT);

  await expect(told("ventas_20260107_000000.db")).rejects.toMatchObject({
    details: { outcome: "refused", problems: ["file is not a database"] },
  });
  await expect(told(BACKUP)).rejects.toMatchObject({
    message: expect.stringMatching(
      /^ventas_20260106_220000[.]db: Tree 2 page 2 [^*\n]+[.] It was not restored/,
    ),
    details: { problems: expect.not.arrayContaining([expect.stringContaining("no table")]) },
  });
});

test(
  "where the schema must be the same, a database that cannot be read for now is not replaced",
  { timeout: LIMIT_MS },
  async () => {
    const given = await withBackup();
    using app = new DatabaseSync(join(given.directory, "ventas.db"));
    app.exec(
      "PRAGMA journal_mode = DELETE; ALTER TABLE usuarios ADD COLUMN email; BEGIN EXCLUSIVE",
    );

    const options = { ...OPTIONS, schema: "same" };
    await expect(restoreSqlite({ ...given, options }, AT)).rejects.toMatchObject({
      message: expect.stringContaining(
        "its schema could not be read, because another process writes to it",
      ),
      exitCode: EXIT.temporary,
    });
  },
);

test("a backup that is rotated away while the lock is waited for is told as one that is not there", async () => {
  const given = await withBackup();
  const backup = join(given.directory, "backups", BACKUP);
  const lock = { directory: join(given.directory, "backups"), prefix: "ventas_" };
  const rotated = Promise.withResolvers<void>();
  const held = withBackupLock({ ...lock, signal: given.signal }, () => rotated.promise);

  const told = expect(restoreSqlite(given, AT)).rejects.toThrow(
    `${BACKUP}: there is no such backup`,
  );
  // Long enough that it waits for the lock; the answer is the same when it does not yet.
  await sleep(200);
  rmSync(backup);
  rotated.resolve();

  await Promise.all([told, held]);
});

test("a link to a database that is gone from the disk stays a link, and the database comes back there", async () => {
  const given = await withBackup();
  const [link, disk] = [join(given.directory, "ventas.db"), join(given.directory, "disk")];
  mkdirSync(disk);
  for (const part of ["", "-wal", "-shm"]) rmSync(`${link}${part}`, { force: true });
  symlinkSync("disk/ventas.db", link);

  await restoreSqlite(given, AT);

  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(existsSync(join(disk, "ventas.db"))).toBe(true);
  expect(rowsOf(given)).toBe(5);
});

test("where the disk is not mounted there is no restore", async () => {
  const given = await withBackup();
  const options = { ...OPTIONS, database: "disk/ventas.db" };

  await expect(restoreSqlite({ ...given, options }, AT)).rejects.toMatchObject({
    message: `${join(given.directory, "disk")}: there is no such directory. Mount the disk, or correct "database".`,
    exitCode: EXIT.configuration,
  });
  expect(existsSync(join(given.directory, "disk"))).toBe(false);
});

/** Spoils where the rows of the first table begin, in a backup of which nothing is noted. */
function damage(path: string): void {
  const bytes = readFileSync(path);
  bytes.fill(0x58, PAGE_BYTES + 8, PAGE_BYTES + 16);
  writeFileSync(path, bytes);
  rmSync(`${path}.json`);
}

/** A database of 5 users with a backup of them, and a run that is to restore it. */
async function withBackup(): Promise<JobContext> {
  const given = backupScene({ actor: "manual ana", input: { backup: BACKUP } });
  appDatabase(given.directory, 5).close();
  await backUpSqlite({ ...given, input: {} }, clockAt("2026-01-06T22:00:00Z"));
  return given;
}

function rowsOf({ directory }: JobContext): unknown {
  using database = new DatabaseSync(join(directory, "ventas.db"), { readOnly: true });
  return database.prepare("SELECT count(*) AS n FROM usuarios").get()?.["n"];
}
