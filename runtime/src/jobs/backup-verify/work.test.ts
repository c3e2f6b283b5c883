import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { withBackupLock } from "../../backups/database-hold.ts";
import { EXIT } from "../../contract/exit-code.ts";
import type { JobContext } from "../definition.ts";
import { clockAt, jobContext } from "../../../testing/job-context.ts";
import { work as backUpSqlite } from "../sqlite-backup/work.ts";
import { work as verifyBackup } from "./work.ts";

const BACKUP = "ventas_20260106_220000.db";

const NOW = clockAt("2026-01-07T03:00:00Z");

const OPTIONS = { directory: "backups", prefix: "ventas_", tables: ["usuarios"] };

test("the newest backup is restored, looked at and noted as verified", async () => {
  const given = await withBackup();
  const scratch = scratchOf(given);

  const { status, details } = await verifyBackup(given, NOW);

  const note = noteOf(given);
  expect(status).toBe("ok");
  expect(details).toEqual({
    outcome: "ok",
    file: BACKUP,
    sizeBytes: note.sizeBytes,
    sha256: note.sha256,
    rows: { usuarios: 200, pedidos: 1 },
    brokenKeys: 0,
    isNoted: true,
  });
  expect(note.drill).toEqual({
    at: "2026-01-07T03:00:00.000Z",
    outcome: "ok",
    runId: given.runId,
  });
  expect(readdirSync(scratch)).toEqual([]);
});

test("a backup that is not the file of its note fails the drill, and its note says so", async () => {
  const given = await withBackup();
  const path = join(given.directory, "backups", BACKUP);
  using backup = new DatabaseSync(path);
  backup.exec("INSERT INTO usuarios VALUES (999, 'somebody else')");
  backup.close();

  await expect(verifyBackup(given, NOW)).rejects.toMatchObject({
    message: expect.stringMatching(
      /^ventas_20260106_220000\.db: could not be used: its SHA-256 is \w+, and its note says \w+\. Take a backup now/,
    ),
    details: { outcome: "failed", isNoted: true },
  });
  expect(noteOf(given).drill.outcome).toBe("failed");
  expect(readdirSync(scratchOf(given))).toEqual([]);
});

test("damaged pages, broken references, empty and missing tables and too small a file are told", async () => {
  const given = await withBackup();
  const path = join(given.directory, "backups", BACKUP);
  const whole = readFileSync(path);
  rmSync(`${path}.json`);
  const problemsWith = (options: object = {}) =>
    verifyBackup({ ...given, options: { ...given.options, ...options } }, NOW).then(
      () => [],
      (error) => error.details.problems,
    );

  expect(await problemsWith()).toEqual([]);
  expect(await problemsWith({ tables: ["clientes"] })).toEqual(['it has no table "clientes"']);
  expect(await problemsWith({ minBytes: 2 ** 30 })).toEqual([
    `it has ${whole.length} bytes, not at least 1073741824`,
  ]);
  change(path, "PRAGMA foreign_keys = OFF; DELETE FROM usuarios");
  expect(await problemsWith()).toEqual([
    "1 of its rows point to rows that are not there",
    'its table "usuarios" is empty',
  ]);
  change(path, "DELETE FROM pedidos");
  expect(await problemsWith({ tables: undefined })).toEqual(["none of its tables has rows"]);
  writeFileSync(path, Buffer.from(whole).fill(0xff, 4096, 9000));
  expect((await problemsWith())[0]).toMatch(/malformed|Tree|Page|btree/i);
});

test("without a backup that is young enough, the drill is inconclusive and the run is repeated", async () => {
  const given = await withBackup();
  const none = { ...given, options: { ...OPTIONS, directory: "nowhere" } };

  await expect(verifyBackup(none, NOW)).rejects.toMatchObject({
    message: expect.stringContaining(
      "nowhere: nothing was verified: there is no backup. Find out why",
    ),
    exitCode: EXIT.temporary,
    details: { outcome: "inconclusive" },
  });
  await expect(verifyBackup(given, clockAt("2026-01-08T22:00:01Z"))).rejects.toMatchObject({
    message: expect.stringContaining(`${BACKUP}, is 172801 s old, not within 172800 s`),
    details: { outcome: "inconclusive", file: BACKUP },
  });
  expect(noteOf(given).drill).toBeUndefined();
});

test("an older backup is drilled when a person asks for it", async () => {
  const given = await withBackup();
  const newer = join(given.directory, "backups", "ventas_20260107_020000.db");
  copyFileSync(join(given.directory, "backups", BACKUP), newer);
  const asked = (backup: string) => verifyBackup({ ...given, input: { backup } }, NOW);

  expect((await asked(BACKUP)).details["file"]).toBe(BACKUP);
  await expect(asked("../ventas.db")).rejects.toMatchObject({ exitCode: EXIT.configuration });
});

test("what a drill found is told, also when a backup under way keeps it from being noted", async () => {
  const given = await withBackup();
  writeFileSync(join(given.directory, "backups", BACKUP), "spoiled");
  const lock = { directory: join(given.directory, "backups"), prefix: "ventas_" };
  const over = Promise.withResolvers<void>();
  const held = withBackupLock({ ...lock, signal: given.signal }, () => over.promise);

  const drill = verifyBackup(given, NOW, 100);

  await expect(drill).rejects.toMatchObject({
    message: expect.stringContaining(`${BACKUP}: could not be used`),
    details: { outcome: "failed", isNoted: false },
  });
  over.resolve();
  await held;
});

test("without a place for the scratch file the drill is inconclusive, and says nothing of the backup", async () => {
  const given = await withBackup();
  const options = { ...OPTIONS, scratch: "nowhere" };

  await expect(verifyBackup({ ...given, options }, NOW)).rejects.toMatchObject({
    message: expect.stringMatching(/^nothing was verified: .*nowhere/),
    exitCode: EXIT.temporary,
    details: { outcome: "inconclusive" },
  });
  expect(noteOf(given).drill).toBeUndefined();
});

test("a dry run looks at the backup and notes nothing", async () => {
  const given = await withBackup();

  const outcome = await verifyBackup({ ...given, dryRun: true }, NOW);

  expect(outcome).toMatchObject({ status: "skipped", details: { dryRun: true, outcome: "ok" } });
  expect(noteOf(given).drill).toBeUndefined();
});

test("rotation never removes the last backup that a drill found good", async () => {
  const given = await withBackup();
  await verifyBackup(given, NOW);
  const options = { database: "ventas.db", directory: "backups", prefix: "ventas_", keep: 1 };
  const backUp = (hour: string) =>
    backUpSqlite({ ...given, options }, clockAt(`2026-01-07T${hour}:00:00Z`));

  await backUp("04");
  const { details } = await backUp("05");

  expect(details["removed"]).toEqual(["ventas_20260107_040000.db"]);
  await verifyBackup(given, clockAt("2026-01-07T05:30:00Z"));
  expect((await backUp("06")).details["removed"]).toEqual([BACKUP]);
});

/** A database with a backup, and a run that is to verify it. */
async function withBackup(): Promise<JobContext> {
  const directory = mkdtempSync(join(tmpdir(), "backup-verify-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  using app = new DatabaseSync(join(directory, "ventas.db"));
  app.exec(`PRAGMA journal_mode = WAL; CREATE TABLE usuarios (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE pedidos (usuario REFERENCES usuarios (id));
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
    INSERT INTO usuarios SELECT i, hex(randomblob(200)) FROM n;
    INSERT INTO pedidos VALUES (1)`);
  const options = { database: "ventas.db", directory: "backups", prefix: "ventas_" };
  const taken = clockAt("2026-01-06T22:00:00Z");
  await backUpSqlite(jobContext({ directory, options, actor: "manual ana" }), taken);
  const scratch = mkdtempSync(join(directory, "scratch-"));
  return jobContext({ directory, actor: "manual ana", options: { ...OPTIONS, scratch } });
}

function scratchOf({ options }: JobContext): string {
  return String(options["scratch"]);
}

function noteOf({ directory }: JobContext) {
  return JSON.parse(readFileSync(join(directory, "backups", `${BACKUP}.json`), "utf8"));
}

function change(path: string, sql: string): void {
  using database = new DatabaseSync(path);
  database.exec(sql);
}
