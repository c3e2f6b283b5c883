import { readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { scratchDirectory } from "../../testing/scratch-directory.ts";
import type { RunRecord } from "../contract/run-record.ts";
import type { SqlDatabase, SqlValue } from "../databases/sql-database.ts";
import { openSqlite } from "../databases/sqlite-database.ts";
import { openRecords } from "./records.ts";

const KEEP = 20;

test("every query on run records uses an index", async () => {
  const database = fileDatabase();
  const queries: { text: string; values: readonly SqlValue[] }[] = [];
  const watched: SqlDatabase = {
    ...methodsOf(database),
    query: async (verb, text, values = []) => {
      if (text.includes("opspec.opspec_runs")) queries.push({ text, values });
      return await database.query(verb, text, values);
    },
  };
  const store = openRecords(watched, { namespace: "", keepRecords: KEEP });
  await store.begin(recordOf(1));
  await store.finish(recordOf(1));
  await store.list({ limit: 5 });
  await store.list({ job: "a", limit: 5 });
  await store.list({ job: "a", status: "ok", limit: 1 });
  await store.list({ job: "a", since: "2026-01-01T00:00:00Z", limit: 5 });
  await store.list({ since: "2026-01-01T00:00:00Z", limit: 5 });
  await store.latest({ jobs: ["a", "b"] });
  await store.latest({ jobs: ["a", "b"], status: "ok" });
  await store.latest({ jobs: ["a", "b"], tookSlot: true });
  await store.list({ job: "a", until: "2026-01-01T00:00:00Z", limit: 5 });
  await store.ofSlot("a", new Date());
  await store.find("x");
  await store.unfinished();

  const plans = await Promise.all(
    queries.map(({ text, values }) =>
      database.query("explain", `EXPLAIN QUERY PLAN ${text}`, values),
    ),
  );

  expect(queries).toHaveLength(15);
  const steps = plans.flat().map(({ detail }) => String(detail));
  expect(steps.filter((it) => /^SCAN (opspec_runs|later)\b(?!.* USING .*INDEX)/.test(it))).toEqual(
    [],
  );
  expect(steps.filter((it) => it === "USE TEMP B-TREE FOR ORDER BY")).toEqual([]);
});

test("old records are deleted in small batches", async () => {
  const database = fileDatabase();
  const many = openRecords(database, { namespace: "", keepRecords: 1000 });
  const few = openRecords(database, { namespace: "", keepRecords: KEEP });
  for (let at = 0; at < 50; at += 1) await many.finish(recordOf(at));
  const count = async () => (await many.list({ limit: 1000 })).length;

  const counts = [];
  for (let at = 50; at < 55; at += 1) {
    await few.finish(recordOf(at));
    counts.push(await count());
  }

  expect(counts).toEqual([41, 32, 23, KEEP, KEEP]);
});

test("a file that may not grow any more takes new records in place of old ones", async () => {
  const database = fileDatabase();
  const store = openRecords(database, { namespace: "", keepRecords: KEEP });
  for (let at = 0; at < KEEP * 3; at += 1) await store.finish(recordOf(at));
  const [pages] = await database.query("count the pages", "PRAGMA page_count");
  // As on a disk with a few free kilobytes.
  const limit = Number(pages?.["page_count"]) + 8;
  await database.query("limit the pages", `PRAGMA max_page_count = ${limit}`);

  for (let at = KEEP * 3; at < KEEP * 30; at += 1) {
    expect(await store.finish(recordOf(at))).toBe(true);
  }

  expect(await store.list({ limit: 100 })).toHaveLength(KEEP);
  const path = database.where;
  await database.close();
  expect(readdirSync(dirname(path))).toEqual(["state.db"]);
  expect(statSync(path).size).toBeLessThanOrEqual(limit * 4096);
});

function fileDatabase(): SqlDatabase {
  const database = openSqlite(join(scratchDirectory(), "state.db"));
  onTestFinished(() => database.close());
  return database;
}

function methodsOf(database: SqlDatabase): Omit<SqlDatabase, "query"> {
  return {
    dialect: database.dialect,
    where: database.where,
    isKept: database.isKept,
    ensure: (relation, ddl) => database.ensure(relation, ddl),
    transaction: (verb, work) => database.transaction(verb, work),
    close: () => database.close(),
  };
}

function recordOf(minute: number): RunRecord {
  const at = new Date(Date.parse("2026-03-01T00:00:00Z") + minute * 60_000).toISOString();
  return {
    job: "a",
    runId: `run-${minute}`,
    scheduledFor: at,
    startedAt: at,
    actor: "schedule",
    host: "here",
    commit: null,
    fence: 1,
    status: "ok",
    durationMs: 500,
    attempt: 1,
    exitCode: null,
    error: null,
    details: { text: "x".repeat(2000) },
  };
}
