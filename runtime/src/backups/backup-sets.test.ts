import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import type { ManifestJob } from "../contract/job.ts";
import { work as backUpSqlite } from "../jobs/sqlite-backup/work.ts";
import { clockAt, jobContext } from "../../testing/job-context.ts";
import { backupSetsOf, findBackup, listBackups } from "./backup-sets.ts";

const OPTIONS = {
  database: { env: "DB_PATH", default: "ventas.db" },
  directory: "backups",
  keep: { env: "BACKUP_RETAIN_COUNT", default: 10 },
};

test("jobs that take the same backups are one set, and what is elsewhere is none", () => {
  const jobs = [
    job("periodic", OPTIONS),
    job("aligned", { ...OPTIONS, reason: "aligned_schedule" }),
    job("other", { database: "otra.db", directory: "/elsewhere", prefix: "o-" }),
    { ...job("cron", OPTIONS), startedBy: "elsewhere" as const },
  ];
  const env = { DB_PATH: "/data/shop.db", BACKUP_RETAIN_COUNT: "3" };

  expect(backupSetsOf({ manifest: { jobs }, env, directory: "/app" })).toEqual([
    {
      job: "periodic",
      jobs: ["periodic", "aligned"],
      database: "/data/shop.db",
      directory: "/app/backups",
      prefix: "shop_",
      keep: 3,
    },
    {
      job: "other",
      jobs: ["other"],
      database: "/app/otra.db",
      directory: "/elsewhere",
      prefix: "o-",
      keep: 10,
    },
  ]);
});

test("a backup is listed with what its note tells, newest by name first", async () => {
  const { directory, set } = withSet();
  new DatabaseSync(join(directory, "ventas.db")).exec("CREATE TABLE usuarios (id)");
  const options = { database: "ventas.db", directory: "backups" };
  const context = jobContext({ directory, options, actor: "manual ana" });
  const { details } = await backUpSqlite(context, clockAt("2026-01-06T22:00:00.500Z"));
  writeFileSync(join(set.directory, "ventas_20260107_000000.db"), "no note");

  expect(await listBackups(set)).toEqual([
    {
      filename: "ventas_20260107_000000.db",
      path: join(set.directory, "ventas_20260107_000000.db"),
      size: 7,
      createdAt: "2026-01-07T00:00:00.000Z",
      reason: null,
      sha256: null,
      md5: null,
      integrity: null,
      unchecked: [],
      rows: null,
      drill: null,
    },
    {
      filename: "ventas_20260106_220000.db",
      path: join(set.directory, "ventas_20260106_220000.db"),
      size: details["sizeBytes"],
      createdAt: "2026-01-06T22:00:00.500Z",
      reason: "admin_trigger:ana",
      sha256: details["sha256"],
      md5: details["md5"],
      integrity: "ok",
      unchecked: [],
      rows: { usuarios: 0 },
      drill: null,
    },
  ]);
});

test("a set of a directory that is not there has no backups", async () => {
  expect(await listBackups({ directory: "/nowhere/at/all", prefix: "a_" })).toEqual([]);
});

test("only a backup of the set is found by its name", async () => {
  const { directory, set } = withSet();
  const name = "ventas_20260106_220000.db";
  writeFileSync(join(set.directory, name), "");
  writeFileSync(join(set.directory, "otra_20260106_220000.db"), "");
  writeFileSync(join(directory, name), "outside");
  symlinkSync(join(directory, name), join(set.directory, "ventas_20260107_220000.db"));
  mkdirSync(join(set.directory, "ventas_20260108_220000.db"));

  expect((await findBackup(set, name))?.filename).toBe(name);
  for (const wrong of [
    `../${name}`,
    `./${name}`,
    `..%2F${name}`,
    `${name}\0`,
    "otra_20260106_220000.db",
    "ventas_20260107_220000.db",
    "ventas_20260108_220000.db",
    "ventas_20260109_220000.db",
    `${name}.json`,
    "",
  ]) {
    expect(await findBackup(set, wrong), wrong).toBeUndefined();
  }
});

function job(name: string, options: ManifestJob["options"]): ManifestJob {
  return { name, uses: "sqlite-backup", startedBy: "schedule", options };
}

/** A directory of its own with an empty directory of backups. */
function withSet() {
  const directory = mkdtempSync(join(tmpdir(), "backup-sets-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const set = { directory: join(directory, "backups"), prefix: "ventas_" };
  mkdirSync(set.directory);
  return { directory, set };
}
