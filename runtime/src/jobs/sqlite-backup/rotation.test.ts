import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { appDatabase, backups, backupScene, OPTIONS } from "../../../testing/backup-scene.ts";
import { clockAt } from "../../../testing/job-context.ts";
import { work as backUpSqlite } from "./work.ts";

const AT = clockAt("2026-01-06T22:00:00Z");

test("the newest by name are kept, and no other file is ever removed", async () => {
  const given = backupScene({ options: { ...OPTIONS, keep: 2 } });
  using _ = appDatabase(given.directory, 1);
  const directory = join(given.directory, "backups");
  mkdirSync(directory);
  const foreign = [
    "otra_20200101_000000.db",
    "ventas_20200101_000000.db.before_restore",
    "ventas_20200101_000000.db.gz",
    "ventas_x.db",
  ];
  for (const name of foreign) writeFileSync(join(directory, name), "");
  symlinkSync(join(directory, foreign[0] ?? ""), join(directory, "ventas_20200102_000000.db"));
  // By its modification time the oldest would be the newest.
  for (const day of ["03", "02", "01"]) {
    const path = join(directory, `ventas_202601${day}_000000.db`);
    writeFileSync(path, "");
    utimesSync(path, 2_000_000_000 - Number(day), 2_000_000_000 - Number(day));
  }

  const { details } = await backUpSqlite(given, AT);

  expect(details["removed"]).toEqual(["ventas_20260102_000000.db", "ventas_20260101_000000.db"]);
  expect(backups(given)).toEqual([
    ...foreign.slice(0, 1),
    "ventas_20200101_000000.db.before_restore",
    "ventas_20200101_000000.db.gz",
    "ventas_20200102_000000.db",
    "ventas_20260103_000000.db",
    "ventas_20260106_220000.db",
    "ventas_20260106_220000.db.json",
    "ventas_x.db",
  ]);
});

test("the backup just verified stays, also when a clock that was set back makes it the oldest", async () => {
  const given = backupScene({ options: { ...OPTIONS, keep: 1 } });
  using _ = appDatabase(given.directory, 1);
  mkdirSync(join(given.directory, "backups"));
  writeFileSync(join(given.directory, "backups/ventas_20270101_000000.db"), "");

  await backUpSqlite(given, AT);

  expect(existsSync(join(given.directory, "backups/ventas_20260106_220000.db"))).toBe(true);
});

test("what a killed backup left is removed by the next one, and a note of somebody else is not", async () => {
  const given = backupScene({ actor: "manual ana" });
  using _ = appDatabase(given.directory, 1);
  const directory = join(given.directory, "backups");
  await backUpSqlite(given, clockAt("2026-01-05T22:00:00Z"));
  const note = readFileSync(join(directory, "ventas_20260105_220000.db.json"), "utf8");
  const lone = "ventas_20260104_220000.db.json";
  writeFileSync(join(directory, lone), note.replaceAll("20260105", "20260104"));
  writeFileSync(join(directory, "ventas_20260103_220000.db.json"), "{}");
  writeFileSync(join(directory, ".ventas_20260104_220000.0123abcd.part"), "half");
  writeFileSync(join(directory, ".ventas_20260104_220000.0123abcd.part-journal"), "half");

  await backUpSqlite(given, AT);

  expect(readdirSync(directory).toSorted()).toEqual([
    ".ventas_lock",
    "ventas_20260103_220000.db.json",
    "ventas_20260105_220000.db",
    "ventas_20260105_220000.db.json",
    "ventas_20260106_220000.db",
    "ventas_20260106_220000.db.json",
  ]);
});

test("what another database's backup is just making in the same directory is left alone", async () => {
  const given = backupScene({ actor: "manual ana" });
  using _ = appDatabase(given.directory, 1);
  const directory = join(given.directory, "backups");
  await backUpSqlite(given, clockAt("2026-01-05T22:00:00Z"));
  const note = readFileSync(join(directory, "ventas_20260105_220000.db.json"), "utf8");
  const part = ".ventas_viejas_20260106_220000.0123abcd.part";
  const itsNote = "ventas_viejas_20260106_220000.db.json";
  writeFileSync(join(directory, part), "half");
  writeFileSync(
    join(directory, itsNote),
    note.replaceAll("ventas_20260105", "ventas_viejas_20260106"),
  );

  await backUpSqlite(given, AT);

  expect(readdirSync(directory)).toEqual(expect.arrayContaining([part, itsNote]));
});
