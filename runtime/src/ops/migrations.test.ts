import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { type ScratchBackups, scratchBackups } from "../../testing/scratch-backups.ts";

const RUNTIMES = { kind: "sqlite", path: "ventas.db", directory: "migrations" } as const;
const APPS = { ...RUNTIMES, owner: "app" } as const;

async function scene(
  migrate: typeof RUNTIMES | typeof APPS,
  files: Readonly<Record<string, string>>,
): Promise<ScratchBackups> {
  const opened = await scratchBackups({ migrate });
  const folder = join(opened.directory, "migrations");
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return opened;
}

async function asked({ ask }: ScratchBackups, ...[method, path, body]: [string, string, object?]) {
  const answer = await ask(method, path, body ? { body: JSON.stringify(body) } : {});
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

test("what is pending is run by hand, once, and told", async () => {
  const opened = await scene(RUNTIMES, {
    "001_a.sql": "CREATE TABLE a (id INTEGER)",
    "002_b.sql": "CREATE TABLE b (id INTEGER)",
  });
  const before = await asked(opened, "GET", "/ops/migrations");

  const run = await asked(opened, "POST", "/ops/migrations/run", { actor: "manual ana" });
  const again = await asked(opened, "POST", "/ops/migrations/run");

  expect(before.body).toMatchObject({ owner: "runtime", pending: ["001_a", "002_b"] });
  expect(run).toEqual({ status: 200, body: { executed: ["001_a", "002_b"], failed: [] } });
  expect(again.body).toEqual({ executed: [], failed: [] });
  expect((await asked(opened, "GET", "/ops/migrations")).body).toMatchObject({
    registered: ["001_a", "002_b"],
    executed: ["001_a", "002_b"],
    pending: [],
  });
});

test("a migration that fails is told, stays known, and those after it are not run", async () => {
  const opened = await scene(RUNTIMES, {
    "001_a.sql": "CREATE TABLE a (id INTEGER)",
    "002_b.sql": "ALTER TABLE nothing ADD COLUMN x TEXT",
    "003_c.sql": "CREATE TABLE c (id INTEGER)",
  });

  const run = await asked(opened, "POST", "/api/admin/migrations/run");

  expect(run).toMatchObject({
    status: 500,
    body: { error: expect.stringContaining("migration 002_b: "), code: "INTERNAL_ERROR" },
  });
  expect((await asked(opened, "GET", "/api/admin/migrations")).body).toEqual({
    registered: ["001_a", "002_b", "003_c"],
    executed: ["001_a"],
    pending: ["003_c"],
    failed: [{ name: "002_b", error: expect.stringContaining("nothing") }],
  });
});

test("what the app owns is run by starting the app again, and not when nothing is pending", async () => {
  const opened = await scene(APPS, { "001_a.py": "", "002_b.py": "", "__init__.py": "" });
  const reasons: string[] = [];
  using database = new DatabaseSync(opened.database);
  database.exec(
    "CREATE TABLE migration_log (id INTEGER PRIMARY KEY, name TEXT UNIQUE, executed_at TEXT, success INTEGER, error_message TEXT)",
  );
  const log = (name: string) =>
    database.prepare("INSERT INTO migration_log (name, success) VALUES (?, 1)").run(name);
  log("001_a");
  opened.process.app = {
    stop: async () => {},
    start: async () => {},
    check: async () => {},
    // The app at its start.
    restart: async (reason) => {
      reasons.push(reason);
      log("002_b");
    },
  };
  const before = await asked(opened, "GET", "/api/admin/migrations");

  const run = await asked(opened, "POST", "/api/admin/migrations/run");
  const again = await asked(opened, "POST", "/api/admin/migrations/run");

  expect(before.body).toMatchObject({ executed: ["001_a"], pending: ["002_b"] });
  expect(run.body).toEqual({ success: true, executed: ["002_b"], count: 1 });
  expect(again.body).toEqual({ success: true, executed: [], count: 0 });
  expect(reasons).toHaveLength(1);
});

test("without an app here, or without migrations, nothing is run and the answer says why", async () => {
  const opened = await scene(APPS, { "001_a.py": "" });
  const none = await scratchBackups();

  expect((await asked(opened, "POST", "/ops/migrations/run")).status).toBe(409);
  expect(await asked(none, "GET", "/ops/migrations")).toMatchObject({
    status: 404,
    body: { error: "there are no migrations here: none are declared" },
  });
  rmSync(opened.database);
  expect((await asked(opened, "GET", "/ops/migrations")).body).toMatchObject({
    executed: [],
    pending: ["001_a"],
  });
});
