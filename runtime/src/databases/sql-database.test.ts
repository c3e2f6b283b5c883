import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test, type TestContext } from "vitest";
import { usePostgres } from "../../testing/servers.ts";
import { openDatabase } from "./postgres.ts";
import type { SqlDatabase } from "./sql-database.ts";
import { MEMORY, openSqlite } from "./sqlite-database.ts";

const postgres = usePostgres();

const DDL = `
  CREATE TABLE IF NOT EXISTS opspec.opspec_things (
    name text NOT NULL PRIMARY KEY, count bigint NOT NULL
  );
  CREATE INDEX IF NOT EXISTS opspec_things_by_count ON opspec.opspec_things (count);`;

const ADD = `
  INSERT INTO opspec.opspec_things (name, count) VALUES ($1, $2)
  ON CONFLICT (name) DO UPDATE SET count = opspec_things.count + excluded.count
  RETURNING count`;

const COUNT = "SELECT count FROM opspec.opspec_things WHERE name = $1";

const DIALECTS = ["memory", "sqlite", "postgres"] as const;

type Opener = () => Promise<SqlDatabase>;

test.for(DIALECTS)("%s: one text does the same in each dialect", async (dialect, context) => {
  const database = await (await placeOf(dialect, context))();
  await database.ensure("opspec_things", DDL);

  await database.query("add", ADD, ["a", 2]);
  const [row] = await database.query("add", ADD, ["a", 3]);
  const removed = await database.query(
    "remove",
    "DELETE FROM opspec.opspec_things WHERE count > $1 RETURNING name",
    [4],
  );

  expect(Number(row?.["count"])).toBe(5);
  expect(removed).toEqual([{ name: "a" }]);
  expect(await database.query("count", COUNT, ["a"])).toEqual([]);
  expect(database.isKept).toBe(dialect !== "memory");
});

test.for(DIALECTS)(
  "%s: transactions behave as if they ran one after another",
  async (dialect, context) => {
    const open = await placeOf(dialect, context);
    const first = await open();
    // Memory belongs to one connection; a file and a server are opened twice.
    const databases = dialect === "memory" ? [first, first] : [first, await open()];
    await Promise.all(databases.map((it) => it.ensure("opspec_things", DDL)));
    await first.query("add", ADD, ["a", 0]);

    await Promise.all(Array.from({ length: 20 }, (_, at) => addOne(databases[at % 2] ?? first)));

    expect(Number((await first.query("count", COUNT, ["a"]))[0]?.["count"])).toBe(20);
  },
);

test.for(DIALECTS)("%s: a transaction that fails changes nothing", async (dialect, context) => {
  const database = await (await placeOf(dialect, context))();
  await database.ensure("opspec_things", DDL);

  const failed = database.transaction("add", async (query) => {
    await query("add", ADD, ["a", 1]);
    throw new Error("no");
  });

  await expect(failed).rejects.toThrow("no");
  expect(await database.query("count", COUNT, ["a"])).toEqual([]);
});

test.for(DIALECTS)("%s: a failure says what could not be done", async (dialect, context) => {
  const database = await (await placeOf(dialect, context))();

  await expect(database.query("count the things", COUNT, ["a"])).rejects.toMatchObject({
    name: "StoreError",
    message: expect.stringContaining(": could not count the things: "),
  });
});

test("a process that holds the write lock blocks neither the event loop nor readers", async () => {
  const path = scratchFile();
  const database = openSqlite(path);
  onTestFinished(() => database.close());
  await database.ensure("opspec_things", DDL);
  await database.query("add", ADD, ["a", 1]);
  const release = await holdWriteLock(path);

  let isWritten = false;
  const write = database.query("add", ADD, ["a", 1]).then(() => (isWritten = true));
  const longestMs = await longestPauseOfEventLoop(1_000);
  const [row] = await database.query("count", COUNT, ["a"]);
  const wasWritten = isWritten;
  release();
  await write;

  expect(longestMs).toBeLessThan(500);
  expect([Number(row?.["count"]), wasWritten]).toEqual([1, false]);
});

test("a write that finds the file locked for too long fails", async () => {
  const path = scratchFile();
  const database = openSqlite(path, { busyLimitMs: 200 });
  onTestFinished(() => database.close());
  await database.ensure("opspec_things", DDL);
  const release = await holdWriteLock(path);

  await expect(database.query("add", ADD, ["a", 1])).rejects.toThrow(
    `${path}: could not add: another process holds the write lock.`,
  );
  await expect(database.transaction("add all", async () => {})).rejects.toThrow(
    "could not add all: another process holds the write lock.",
  );
  release();
});

test("a file that cannot be opened is opened by a later use", async () => {
  const path = scratchFile();
  const blocked = join(path, "state.db");
  writeFileSync(path, "a file where the directory should be");
  const database = openSqlite(blocked);
  onTestFinished(() => database.close());

  await expect(database.ensure("opspec_things", DDL)).rejects.toThrow("could not create");
  rmSync(path);
  await database.ensure("opspec_things", DDL);

  expect(await database.query("count", COUNT, ["a"])).toEqual([]);
});

async function addOne(database: SqlDatabase): Promise<void> {
  await database.transaction("add one", async (query) => {
    const [row] = await query("read", COUNT, ["a"]);
    const next = Number(row?.["count"]) + 1;
    await query("write", "UPDATE opspec.opspec_things SET count = $2 WHERE name = $1", ["a", next]);
  });
}

async function placeOf(dialect: (typeof DIALECTS)[number], context: TestContext): Promise<Opener> {
  const path = scratchFile();
  const url = dialect === "postgres" ? await (await postgres(context)).freshDatabase() : "";
  return async () => {
    const database =
      dialect === "postgres"
        ? await openDatabase("STORE_URL", { STORE_URL: url })
        : openSqlite(dialect === "memory" ? MEMORY : path);
    context.onTestFinished(() => database.close());
    return database;
  };
}

function scratchFile(): string {
  const directory = mkdtempSync(join(tmpdir(), "opspec-sql-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, "state.db");
}

/** A process of its own that holds the write lock until it is released. */
async function holdWriteLock(path: string): Promise<() => void> {
  const program = `
    const { DatabaseSync } = require("node:sqlite");
    new DatabaseSync(process.argv[1], { timeout: 5000 }).exec("BEGIN IMMEDIATE");
    console.log("held");
    process.stdin.resume();`;
  const child = spawn(process.execPath, ["-e", program, path], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  return () => void child.kill("SIGKILL");
}

async function longestPauseOfEventLoop(forMs: number): Promise<number> {
  const endMs = performance.now() + forMs;
  let longestMs = 0;
  while (performance.now() < endMs) {
    const before = performance.now();
    await sleep(5);
    longestMs = Math.max(longestMs, performance.now() - before);
  }
  return longestMs;
}
