import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import {
  markSqliteMigration,
  retrySqliteMigration,
  runSqliteMigrations,
  sqliteMigrationStatus,
} from "./sqlite.ts";
import { appMigrationStatus } from "./sqlite-journal.ts";

function migrationsOf(files: Record<string, string>) {
  const root = mkdtempSync(join(tmpdir(), "opspec-migrations-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const directory = join(root, "migrations");
  mkdirSync(directory);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  const database = join(root, "ventas.db");
  const runCommand = async ({ path }: { path: string }): Promise<number> => {
    const child = spawn(path, { env: { ...process.env, OPSPEC_SQLITE: database } });
    const [code] = await once(child, "close");
    return Number(code);
  };
  return { database, directory, runCommand };
}

function rows(database: string, query: string): unknown[] {
  const opened = new DatabaseSync(database);
  const result = opened.prepare(query).all();
  opened.close();
  return result.map((row) => ({ ...row }));
}

const good = {
  "001_users.sql": "CREATE TABLE users (name TEXT);",
  "002_admin.sql": "INSERT INTO users VALUES ('ana');",
};

test("each migration runs once, in the order of its name", async () => {
  const migrations = migrationsOf(good);

  const first = await runSqliteMigrations(migrations);
  const second = await runSqliteMigrations(migrations);

  expect(first).toEqual({ executed: ["001_users", "002_admin"], failed: undefined });
  expect(second).toEqual({ executed: [], failed: undefined });
  expect(rows(migrations.database, "SELECT name FROM users")).toEqual([{ name: "ana" }]);
});

test("a failure is recorded outside the transaction that was rolled back, and later ones do not run", async () => {
  const migrations = migrationsOf({
    ...good,
    "003_bad.sql": "INSERT INTO users VALUES ('eva'); INSERT INTO nowhere VALUES (1);",
    "004_later.sql": "CREATE TABLE later (x);",
  });

  const run = await runSqliteMigrations(migrations);
  const again = await runSqliteMigrations(migrations);
  const status = await sqliteMigrationStatus(migrations);

  expect(run.executed).toEqual(["001_users", "002_admin"]);
  expect(run.failed).toMatchObject({ id: "003_bad", error: "no such table: nowhere" });
  expect(again).toMatchObject({ executed: [], failed: { id: "003_bad" } });
  expect(status.failed.map(({ id }) => id)).toEqual(["003_bad"]);
  expect(status.pending).toEqual(["004_later"]);
  expect(rows(migrations.database, "SELECT name FROM users")).toEqual([{ name: "ana" }]);
});

test("a corrected file and a version without the file go on after a failure, the same file does not", async () => {
  const migrations = migrationsOf({ ...good, "003_bad.sql": "INSERT INTO nowhere VALUES (1);" });
  const bad = join(migrations.directory, "003_bad.sql");
  const failing = readFileSync(bad, "utf8");
  await runSqliteMigrations(migrations);

  rmSync(bad);
  const without = await runSqliteMigrations(migrations);
  const status = await sqliteMigrationStatus(migrations);
  writeFileSync(bad, failing);
  const same = await runSqliteMigrations(migrations);
  writeFileSync(bad, "INSERT INTO nobody VALUES (1);");
  const worse = await runSqliteMigrations(migrations);
  writeFileSync(bad, "INSERT INTO users VALUES ('eva');");
  writeFileSync(join(migrations.directory, "004_later.sql"), "CREATE TABLE later (x);");
  const corrected = await runSqliteMigrations(migrations);

  expect(without).toEqual({ executed: [], failed: undefined });
  expect([status.failed, status.pending, status.removed]).toEqual([[], [], []]);
  expect(same).toMatchObject({ executed: [], failed: { error: "no such table: nowhere" } });
  expect(worse).toMatchObject({ executed: [], failed: { error: "no such table: nobody" } });
  expect(corrected).toEqual({ executed: ["003_bad", "004_later"], failed: undefined });
  expect((await sqliteMigrationStatus(migrations)).failed).toEqual([]);
});

test("a full disk and a locked database are no failure of a migration", async () => {
  const migrations = migrationsOf({ ...good, "003_more.sql": "INSERT INTO users VALUES ('eva');" });
  const full = "PRAGMA max_page_count = 1; CREATE TABLE big (x);";
  writeFileSync(join(migrations.directory, "002_admin.sql"), full);

  await expect(runSqliteMigrations(migrations)).rejects.toThrow("database or disk is full");
  writeFileSync(join(migrations.directory, "002_admin.sql"), good["002_admin.sql"]);

  expect(await runSqliteMigrations(migrations)).toEqual({
    executed: ["002_admin", "003_more"],
    failed: undefined,
  });
});

test("retry is audited and confirmed, and lets the same file run again", async () => {
  const migrations = migrationsOf({ ...good, "003_bad.sql": "INSERT INTO later VALUES ('eva');" });
  await runSqliteMigrations(migrations);
  const database = new DatabaseSync(migrations.database);
  database.exec("CREATE TABLE later (x)");
  database.close();

  const order = { id: "003_bad", by: "ana", confirm: "003" };
  await expect(retrySqliteMigration(migrations, order)).rejects.toThrow(
    'migration "003_bad": repeat its id to confirm, got "003".',
  );
  await retrySqliteMigration(migrations, { ...order, confirm: "003_bad" });
  const run = await runSqliteMigrations(migrations);
  const { audit } = await sqliteMigrationStatus(migrations);

  expect(run).toEqual({ executed: ["003_bad"], failed: undefined });
  expect(audit).toEqual([
    { at: expect.stringMatching(/Z$/), action: "retry", id: "003_bad", by: "ana" },
  ]);
});

test("only a migration that failed can be retried", async () => {
  const migrations = migrationsOf(good);
  await runSqliteMigrations(migrations);
  const order = (id: string) => retrySqliteMigration(migrations, { id, by: "ana", confirm: id });

  await expect(order("001_users")).rejects.toThrow(
    'migration "001_users": was applied, so there is nothing to retry.',
  );
  await expect(order("009")).rejects.toThrow(
    'migration "009": has not run, so there is nothing to retry.',
  );
});

test("a marked migration does not run, and who marked it is kept", async () => {
  const migrations = migrationsOf(good);
  await markSqliteMigration(migrations, { id: "001_users", by: "ana", confirm: "001_users" });

  const run = await runSqliteMigrations(migrations);
  const { applied } = await sqliteMigrationStatus(migrations);

  expect(run.failed).toMatchObject({ id: "002_admin", error: "no such table: users" });
  expect(applied).toMatchObject([{ id: "001_users", by: "ana" }]);
  await expect(
    markSqliteMigration(migrations, { id: "01", by: "ana", confirm: "01" }),
  ).rejects.toThrow('migration "01": no such file. Known: 001_users, 002_admin.');
});

test("renamed and removed ids are reported, and a renamed migration is not run again", async () => {
  const migrations = migrationsOf(good);
  await runSqliteMigrations(migrations);
  renameSync(
    join(migrations.directory, "002_admin.sql"),
    join(migrations.directory, "002_first_admin.sql"),
  );
  rmSync(join(migrations.directory, "001_users.sql"));

  const run = await runSqliteMigrations(migrations);
  const status = await sqliteMigrationStatus(migrations);

  expect(run.executed).toEqual([]);
  expect(status).toMatchObject({
    removed: ["001_users"],
    renamed: [{ from: "002_admin", to: "002_first_admin" }],
    pending: [],
  });
});

test("a file that commits by itself fails and says what to take out", async () => {
  const migrations = migrationsOf({ "001.sql": "CREATE TABLE a (x); COMMIT;" });

  const { failed } = await runSqliteMigrations(migrations);

  expect(failed?.error).toBe(
    "it ended its transaction itself: remove COMMIT or ROLLBACK from the file.",
  );
});

test("an executable is a migration, and its exit code decides", async () => {
  const migrations = migrationsOf({
    "001_a.sh": "#!/bin/sh\nexit 0\n",
    "002_b.sh": "#!/bin/sh\nexit 3\n",
    "notes.txt": "",
  });
  for (const name of ["001_a.sh", "002_b.sh"]) chmodSync(join(migrations.directory, name), 0o755);

  const run = await runSqliteMigrations(migrations);

  expect(run).toMatchObject({
    executed: ["001_a"],
    failed: { id: "002_b", error: "it ended with exit code 3." },
  });
});

test("instances that start together run each migration once", async () => {
  const migrations = migrationsOf({
    "001.sql": "CREATE TABLE log (n INTEGER);",
    "002.sql": "INSERT INTO log SELECT 1;",
    "003.sql": "INSERT INTO log SELECT 2;",
  });
  const script = `
    import { runSqliteMigrations } from ${JSON.stringify(join(import.meta.dirname, "sqlite.ts"))};
    const run = await runSqliteMigrations({ ...${JSON.stringify(migrations)}, runCommand: async () => 1 });
    process.exitCode = run.failed ? 1 : 0;`;
  const instances = Array.from({ length: 4 }, () =>
    spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: "ignore" }),
  );

  const codes = await Promise.all(instances.map(async (child) => (await once(child, "close"))[0]));

  expect(codes).toEqual([0, 0, 0, 0]);
  expect(rows(migrations.database, "SELECT n FROM log ORDER BY n")).toEqual([{ n: 1 }, { n: 2 }]);
});

test("where the app owns its migrations only their status is read", () => {
  const { database } = migrationsOf({});
  const opened = new DatabaseSync(database);
  expect(appMigrationStatus(database)).toEqual({ executed: [], failed: [] });
  opened.exec(`
    CREATE TABLE migration_log (id INTEGER PRIMARY KEY, name TEXT UNIQUE, executed_at TEXT, success INTEGER, error_message TEXT);
    INSERT INTO migration_log (name, success, error_message) VALUES ('add_users', 1, NULL), ('add_offers', 0, 'locked');`);
  opened.close();

  expect(appMigrationStatus(database)).toEqual({
    executed: ["add_users"],
    failed: [{ name: "add_offers", error: "locked" }],
  });
});
