import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { jobOptionProblems } from "../catalog.ts";
import { bindOptions } from "../../contract/bindings.ts";
import { appDatabase, backups, backupScene, OPTIONS } from "../../../testing/backup-scene.ts";
import { clockAt } from "../../../testing/job-context.ts";
import { work as backUpSqlite } from "./work.ts";

const AT = clockAt("2026-01-06T22:00:00Z");

test("a backup holds the rows that are only in the write-ahead log, while somebody writes", async () => {
  const given = backupScene();
  using app = appDatabase(given.directory, 5_000);
  const writing = setInterval(() => app.exec("INSERT INTO usuarios VALUES (0, 'late')"), 1);

  const outcome = await backUpSqlite(given, AT).finally(() => clearInterval(writing));

  const file = join(given.directory, "backups/ventas_20260106_220000.db");
  using copy = new DatabaseSync(file, { readOnly: true });
  const early = copy.prepare("SELECT count(*) AS n FROM usuarios WHERE id > 0").get();
  expect(early).toEqual({ n: 5_000 });
  expect(copy.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
  expect(outcome.status).toBe("ok");
  // It is one file: reading it adds no others.
  expect(backups(given)).toEqual(["ventas_20260106_220000.db", "ventas_20260106_220000.db.json"]);
});

test("a note with checksum and rows lies beside the backup, and is what the run records", async () => {
  const given = backupScene({ actor: "manual ana" });
  using _ = appDatabase(given.directory, 10);

  const { details } = await backUpSqlite(given, AT);

  const file = join(given.directory, "backups/ventas_20260106_220000.db");
  const bytes = readFileSync(file);
  const note = JSON.parse(readFileSync(`${file}.json`, "utf8"));
  expect(note).toEqual({
    file: "ventas_20260106_220000.db",
    createdAt: "2026-01-06T22:00:00.000Z",
    reason: "admin_trigger:ana",
    runId: given.runId,
    database: "ventas.db",
    sizeBytes: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    md5: createHash("md5").update(bytes).digest("hex"),
    integrity: "ok",
    rows: { usuarios: 10 },
  });
  expect(details).toEqual({ ...note, removed: [], notRemoved: [] });
});

test("a backup is its owner's alone, whoever may read the database", async () => {
  const given = backupScene();
  using _ = appDatabase(given.directory, 1);

  await backUpSqlite(given, AT);

  for (const name of backups(given)) {
    expect(statSync(join(given.directory, "backups", name)).mode & 0o777, name).toBe(0o600);
  }
});

test("a directory that is none is told, and what is in its place is untouched", async () => {
  const given = backupScene();
  using _ = appDatabase(given.directory, 1);
  writeFileSync(join(given.directory, "backups"), "a file");

  await expect(backUpSqlite(given, AT)).rejects.toThrow(
    `${join(given.directory, "backups")}: cannot be used for backups: it is no directory. Check that`,
  );
  expect(readFileSync(join(given.directory, "backups"), "utf8")).toBe("a file");
});

test("a damaged copy is removed, the run fails, and the older backups are untouched", async () => {
  const given = backupScene();
  appDatabase(given.directory, 5_000).close();
  await backUpSqlite(given, clockAt("2026-01-06T16:00:00Z"));
  damage(join(given.directory, "ventas.db"));

  const run = backUpSqlite({ ...given, options: { ...OPTIONS, keep: 1 } }, AT);

  await expect(run).rejects.toThrow(/ventas\.db: the copy is damaged and was removed: .+ Older/s);
  expect(backups(given)).toEqual(["ventas_20260106_160000.db", "ventas_20260106_160000.db.json"]);
});

test("what is no database is told, and leaves nothing", async () => {
  const given = backupScene();
  writeFileSync(join(given.directory, "ventas.db"), "x".repeat(8192));

  await expect(backUpSqlite(given, AT)).rejects.toThrow(
    /ventas\.db: could not be copied: file is not a database\. Older backups are untouched\.$/,
  );
  await expect(
    backUpSqlite({ ...given, options: { ...OPTIONS, database: "none.db" } }, AT),
  ).rejects.toThrow(/none\.db: there is no such database\. Correct "database"\.$/);
  expect(backups(given)).toEqual([]);
});

test("a backup for which there is no room is not begun", async () => {
  const given = backupScene();
  appDatabase(given.directory, 1).close();
  // A file with a hole: its size counts, and it takes no room.
  const log = join(given.directory, "ventas.db-wal");
  writeFileSync(log, "");
  truncateSync(log, 2 ** 43);

  await expect(backUpSqlite(given, AT)).rejects.toThrow(/backups: a backup needs \d+ bytes, got/);
  expect(backups(given)).toEqual([]);
});

test("two backups in one second have two names", async () => {
  const given = backupScene({ actor: "manual ana" });
  using _ = appDatabase(given.directory, 1);

  const runs = await Promise.all([backUpSqlite(given, AT), backUpSqlite(given, AT)]);

  expect(runs.map(({ details }) => details["file"]).toSorted()).toEqual([
    "ventas_20260106_220000.db",
    "ventas_20260106_220000_1.db",
  ]);
});

test("a periodic backup is skipped soon after another one, and at the start for a shorter time", async () => {
  const given = backupScene();
  using _ = appDatabase(given.directory, 1);
  const aligned = { ...given, options: { ...OPTIONS, reason: "aligned_schedule" } };
  await backUpSqlite(given, AT);

  expect(await backUpSqlite(given, clockAt("2026-01-06T22:29:59Z"))).toEqual({
    status: "skipped",
    details: { reason: "periodic", recent: "ventas_20260106_220000.db" },
  });
  const start = { ...given, actor: "start" };
  expect((await backUpSqlite(start, clockAt("2026-01-06T22:04:59Z"))).status).toBe("skipped");

  const taken = [
    await backUpSqlite(start, clockAt("2026-01-06T22:05:00Z")),
    await backUpSqlite(aligned, clockAt("2026-01-06T22:05:01Z")),
    await backUpSqlite({ ...given, actor: "manual ana" }, clockAt("2026-01-06T22:05:02Z")),
    await backUpSqlite(given, clockAt("2026-01-06T22:35:02Z")),
  ];
  expect(taken.map(({ status, details }) => [status, details["reason"]])).toEqual([
    ["ok", "startup"],
    ["ok", "aligned_schedule"],
    ["ok", "admin_trigger:ana"],
    ["ok", "periodic"],
  ]);
});

test("who asks may say why, and then it is made however young the last one is", async () => {
  const given = backupScene();
  using _ = appDatabase(given.directory, 1);
  await backUpSqlite(given, AT);
  const asked = (reason: string) => ({ ...given, input: { reason } });

  const { status, details } = await backUpSqlite(asked("admin_trigger:ana"), AT);

  expect([status, details["reason"]]).toEqual(["ok", "admin_trigger:ana"]);
  await expect(backUpSqlite(asked("because"), AT)).rejects.toThrow();
  expect(
    jobOptionProblems("sqlite-backup", { ...OPTIONS, reason: "admin_trigger:x" }),
  ).toHaveLength(1);
});

test("to keep none is refused, and the number may come from BACKUP_RETAIN_COUNT", () => {
  const job = {
    name: "backup",
    uses: "sqlite-backup",
    options: { ...OPTIONS, keep: { env: "BACKUP_RETAIN_COUNT", default: 10 } },
  };

  expect(jobOptionProblems("sqlite-backup", { ...OPTIONS, keep: 0 })).toEqual([
    expect.objectContaining({ option: "keep" }),
  ]);
  expect(bindOptions(job, {})["keep"]).toBe(10);
  expect(bindOptions(job, { BACKUP_RETAIN_COUNT: "3" })["keep"]).toBe(3);
  expect(() => bindOptions(job, { BACKUP_RETAIN_COUNT: "0" })).toThrow("BACKUP_RETAIN_COUNT");
});

test("a dry run says what it would write and remove, and changes nothing", async () => {
  const given = backupScene({ options: { ...OPTIONS, keep: 1 }, dryRun: true });
  using _ = appDatabase(given.directory, 1);

  const empty = await backUpSqlite(given, AT);
  expect(existsSync(join(given.directory, "backups"))).toBe(false);
  await backUpSqlite({ ...given, dryRun: false }, clockAt("2026-01-06T16:00:00Z"));
  const full = await backUpSqlite(given, AT);

  const would = { dryRun: true, reason: "periodic", wouldWrite: "ventas_20260106_220000.db" };
  expect(empty).toEqual({ status: "skipped", details: { ...would, wouldRemove: [] } });
  expect(full.details["wouldRemove"]).toEqual(["ventas_20260106_160000.db"]);
  expect(backups(given)).toHaveLength(2);
});

test("a run that is stopped leaves nothing half-written", async () => {
  const given = backupScene();
  using _ = appDatabase(given.directory, 20_000);
  const stop = new AbortController();
  const run = backUpSqlite({ ...given, signal: stop.signal }, AT);
  const directory = join(given.directory, "backups");
  const isUnderWay = () => existsSync(directory) && readdirSync(directory).some(isPart);
  await expect.poll(isUnderWay, { interval: 1 }).toBe(true);

  stop.abort(new Error("deadline"));

  await expect(run).rejects.toThrow("deadline");
  expect(readdirSync(directory).filter(isPart)).toEqual([]);
  expect(backups(given)).toEqual([]);
});

/** Overwrites a page in the middle, as a bad disk would. */
function damage(path: string): void {
  const file = openSync(path, "r+");
  writeSync(file, Buffer.alloc(4096, 0xff), 0, 4096, 4096 * 40);
  closeSync(file);
}

function isPart(name: string): boolean {
  return name.includes(".part");
}
