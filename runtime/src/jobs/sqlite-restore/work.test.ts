import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { receiveUpload } from "../../backups/uploads.ts";
import { EXIT } from "../../contract/exit-code.ts";
import type { JobContext } from "../definition.ts";
import { clockAt, jobContext } from "../../../testing/job-context.ts";
import { work as backUpSqlite } from "../sqlite-backup/work.ts";
import { work as restoreSqlite } from "./work.ts";

const OPTIONS = { database: "ventas.db", directory: "backups", prefix: "ventas_" };

const BACKUP = "ventas_20260106_220000.db";

const AT = clockAt("2026-01-07T12:00:00Z");

const SAFETY_COPY = "ventas.db.before_restore-20260107_120000";

test("a restore brings back the rows of the backup, and the log of the old database is gone", async () => {
  const given = await withBackup();
  // The app was killed: what it wrote since is only in the write-ahead log, which stays behind.
  leaveLog(given.directory, 7);

  const { status, details } = await restoreSqlite(given, AT);

  expect(status).toBe("ok");
  expect(namesOf(given)).toEqual([BACKUP, "backups", SAFETY_COPY, "ventas.db"].toSorted());
  expect(rowsOf(given, "ventas.db")).toBe(3);
  expect(details).toEqual({
    outcome: "restored",
    database: join(given.directory, "ventas.db"),
    backup: BACKUP,
    sha256: sha256Of(join(given.directory, "backups", BACKUP)),
    sizeBytes: expect.any(Number),
    rows: { usuarios: 3 },
    safetyCopy: join(given.directory, SAFETY_COPY),
    app: "none",
  });
});

test("the safety copy has every row, also those that were only in the write-ahead log", async () => {
  const given = await withBackup();
  leaveLog(given.directory, 500);

  await restoreSqlite(given, AT);

  expect(rowsOf(given, SAFETY_COPY)).toBe(503);
  expect(statSync(join(given.directory, SAFETY_COPY)).mode & 0o777).toBe(0o600);
});

test("two restores in one second keep both safety copies", async () => {
  const given = await withBackup();

  await restoreSqlite(given, AT);
  const { details } = await restoreSqlite(given, AT);

  expect(details["safetyCopy"]).toBe(join(given.directory, `${SAFETY_COPY}_1`));
  expect(existsSync(join(given.directory, SAFETY_COPY))).toBe(true);
});

test("the app finds the journal mode and the rights that it had", async () => {
  const given = await withBackup();
  const database = join(given.directory, "ventas.db");
  chmodSync(database, 0o640);

  await restoreSqlite(given, AT);

  expect(statSync(database).mode & 0o777).toBe(0o640);
  using restored = new DatabaseSync(database);
  expect(restored.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
});

test("a database that is a link to the disk stays a link", async () => {
  const given = await withBackup();
  const link = join(given.directory, "app.db");
  symlinkSync(join(given.directory, "ventas.db"), link);

  await restoreSqlite({ ...given, options: { ...OPTIONS, database: "app.db" } }, AT);

  expect(readdirSync(given.directory).filter((name) => name === "app.db")).toHaveLength(1);
  expect(statSync(link).ino).toBe(statSync(join(given.directory, "ventas.db")).ino);
  expect(rowsOf(given, "ventas.db")).toBe(3);
});

test("a database that is gone comes back, and a log that was left behind is not taken for its own", async () => {
  const given = await withBackup();
  leaveLog(given.directory, 7);
  rmSync(join(given.directory, "ventas.db"));

  const { details } = await restoreSqlite(given, AT);

  expect(details["safetyCopy"]).toBe(null);
  expect(existsSync(join(given.directory, "ventas.db-wal"))).toBe(false);
  expect(rowsOf(given, "ventas.db")).toBe(3);
});

test("a database that is none any more is kept as its files are, and replaced", async () => {
  const given = await withBackup();
  writeFileSync(join(given.directory, "ventas.db"), "x".repeat(9000));
  writeFileSync(join(given.directory, "ventas.db-wal"), "its log");

  await restoreSqlite(given, AT);

  expect(readFileSync(join(given.directory, SAFETY_COPY), "utf8")).toBe("x".repeat(9000));
  expect(readFileSync(join(given.directory, `${SAFETY_COPY}-wal`), "utf8")).toBe("its log");
  expect(rowsOf(given, "ventas.db")).toBe(3);
});

test("a backup that is damaged, or is not the one of its note, is refused and nothing is touched", async () => {
  const given = await withBackup();
  const path = join(given.directory, "backups", BACKUP);
  const before = readFileSync(join(given.directory, "ventas.db"));
  const bytes = readFileSync(path);

  writeFileSync(path, bytes.fill(0xff, 4096, 6000));
  await expect(restoreSqlite(given, AT)).rejects.toMatchObject({
    message: expect.stringMatching(
      /^ventas_20260106_220000\.db: its SHA-256 is \w+, not \w+\. It was not restored, and the database is as it was\.$/,
    ),
    details: { outcome: "refused" },
  });
  rmSync(`${path}.json`);
  await expect(restoreSqlite(given, AT)).rejects.toThrow(/malformed|Tree|Page|btree/i);
  writeFileSync(path, "no database at all, but long enough to be looked at");
  await expect(restoreSqlite(given, AT)).rejects.toThrow("file is not a database");

  expect(readFileSync(join(given.directory, "ventas.db"))).toEqual(before);
  expect(namesOf(given)).toEqual([BACKUP, "backups", "ventas.db"].toSorted());
});

test("a file of another app, or from before a migration where that is said, is refused", async () => {
  const given = await withBackup();
  using app = new DatabaseSync(join(given.directory, "ventas.db"));
  app.exec("ALTER TABLE usuarios ADD COLUMN email; PRAGMA user_version = 9");
  app.close();
  const told = (options: object) =>
    restoreSqlite({ ...given, options: { ...OPTIONS, ...options } });

  await expect(told({ tables: ["clientes"] })).rejects.toThrow(
    'it has no table "clientes", so it is another database. It was not restored',
  );
  await expect(told({ schema: "same" })).rejects.toMatchObject({
    details: {
      problems: ["its user_version is 0, not 9", "it does not have usuarios.email: it is older"],
    },
  });
  expect((await told({ tables: ["usuarios"], schema: "any" })).status).toBe("ok");
});

test("without one file that is there, there is no restore", async () => {
  const given = await withBackup();
  const said = (input: Record<string, unknown>) => restoreSqlite({ ...given, input }, AT);

  const needsOne = { exitCode: EXIT.configuration, message: /^a restore needs one file/ };
  for (const input of [{}, { backup: BACKUP, upload: "a.db" }]) {
    await expect(said(input)).rejects.toMatchObject({
      exitCode: needsOne.exitCode,
      message: expect.stringMatching(needsOne.message),
    });
  }
  for (const backup of ["../ventas.db", "ventas_20260101_000000.db", "otra_20260106_220000.db"]) {
    await expect(said({ backup })).rejects.toThrow(`${backup}: there is no such backup in`);
  }
  for (const upload of ["../ventas.db", "none.db", ".hidden.db"]) {
    await expect(said({ upload })).rejects.toThrow(`${upload}: there is no such upload in`);
  }
});

test("an uploaded file is restored when its checksum is known and its size is allowed", async () => {
  const given = await withBackup();
  const bytes = readFileSync(join(given.directory, "backups", BACKUP));
  const uploads = join(given.directory, "backups/uploads");
  const upload = { directory: uploads, name: "pc.db", body: [bytes], by: "ana", bytesMax: 2 ** 20 };
  const body = (async function* () {
    yield* upload.body;
  })();
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  await receiveUpload({ ...upload, body, sha256 }, new Date());
  writeFileSync(join(uploads, "copied.db"), bytes);
  const said = (input: Record<string, unknown>, options = {}) =>
    restoreSqlite({ ...given, input, options: { ...OPTIONS, ...options } }, AT);

  await expect(said({ upload: "copied.db" })).rejects.toThrow("Set the input sha256=");
  const other = "0".repeat(64);
  await expect(said({ upload: "copied.db", sha256: other })).rejects.toThrow(
    `its SHA-256 is ${sha256}, not ${other}`,
  );
  writeFileSync(join(uploads, "large.db"), Buffer.alloc(2 * 1024 * 1024));
  await expect(said({ upload: "large.db", sha256: other }, { uploadMaxMb: 1 })).rejects.toThrow(
    "large.db: has 2097152 bytes, and uploadMaxMb allows 1048576. Raise it, or use another file.",
  );

  expect((await said({ upload: "pc.db" })).details["upload"]).toBe("pc.db");
  expect((await said({ upload: "copied.db", sha256 })).status).toBe("ok");
});

test("a dry run says what would happen and changes nothing", async () => {
  const given = await withBackup();
  leaveLog(given.directory, 7);
  const before = namesOf(given).map((name) => name);

  const outcome = await restoreSqlite({ ...given, dryRun: true }, AT);

  expect(outcome).toEqual({
    status: "skipped",
    details: {
      dryRun: true,
      database: join(given.directory, "ventas.db"),
      backup: BACKUP,
      sha256: expect.stringMatching(/^\w{64}$/),
      sizeBytes: expect.any(Number),
      rows: { usuarios: 3 },
      wouldRestore: `backup ${BACKUP}`,
      wouldKeep: `${join(given.directory, "ventas.db")}.before_restore-<time>`,
      wouldRestartApp: false,
    },
  });
  expect(namesOf(given)).toEqual(before);
});

/** A database of 3 users with a backup of them, and a run that is to restore it. */
async function withBackup(): Promise<JobContext> {
  const directory = mkdtempSync(join(tmpdir(), "restore-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  mkdirSync(join(directory, "backups"));
  using app = new DatabaseSync(join(directory, "ventas.db"));
  app.exec(`PRAGMA journal_mode = WAL; CREATE TABLE usuarios (id INTEGER, name TEXT);
    INSERT INTO usuarios VALUES (1, 'a'), (2, 'b'), (3, 'c')`);
  const actor = "manual ana";
  const options = OPTIONS;
  await backUpSqlite(jobContext({ directory, options, actor }), clockAt("2026-01-06T22:00:00Z"));
  return jobContext({ directory, options, actor, input: { backup: BACKUP } });
}

/** Rows that are only in the write-ahead log, as a killed process leaves them. */
function leaveLog(directory: string, rows: number): void {
  const path = join(directory, "ventas.db");
  using app = new DatabaseSync(path);
  app.exec(`PRAGMA wal_autocheckpoint = 0;
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
    INSERT INTO usuarios SELECT 100 + i, 'late' FROM n`);
  const [file, log] = [readFileSync(path), readFileSync(`${path}-wal`)];
  app.close();
  writeFileSync(path, file);
  writeFileSync(`${path}-wal`, log);
}

function rowsOf({ directory }: JobContext, name: string): unknown {
  using database = new DatabaseSync(join(directory, name), { readOnly: true });
  expect(database.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
  return database.prepare("SELECT count(*) AS n FROM usuarios").get()?.["n"];
}

function sha256Of(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/** The names in the app's directory and those of the backups. */
function namesOf({ directory }: JobContext): string[] {
  const backups = readdirSync(join(directory, "backups"));
  return [...readdirSync(directory), ...backups]
    .filter((name) => !name.startsWith(".") && !name.endsWith(".json"))
    .toSorted();
}
