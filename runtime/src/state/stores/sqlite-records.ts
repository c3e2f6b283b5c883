import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync, SQLInputValue } from "node:sqlite";

import type { RecordQuery, RecordStore, RunRecord, RunStart } from "../../contract/run-record.ts";
import { StoreError } from "./store-error.ts";

/** Longest wait for another process that writes; it blocks this process, and a write takes milliseconds. */
const BUSY_MS = 5_000;

/** `status` is null until the run has ended. Times are ISO 8601 in UTC, whose order is that of their text. */
const DDL = `
  CREATE TABLE IF NOT EXISTS opspec_runs (
    run_id TEXT PRIMARY KEY,
    job TEXT NOT NULL,
    scheduled_for TEXT NOT NULL,
    started_at TEXT NOT NULL,
    fence INTEGER NOT NULL,
    status TEXT,
    record TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS opspec_runs_by_job ON opspec_runs (job, started_at DESC);
`;

const BEGIN = `
  INSERT INTO opspec_runs (run_id, job, scheduled_for, started_at, fence, record)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (run_id) DO NOTHING`;

/** The fence is looked at in the statement that writes, so that nothing comes between. */
const FINISH = `
  INSERT INTO opspec_runs (run_id, job, scheduled_for, started_at, fence, record, status)
  SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
  WHERE NOT EXISTS (
    SELECT 1 FROM opspec_runs WHERE job = ?2 AND scheduled_for = ?3 AND fence > ?5
  )
  ON CONFLICT (run_id) DO UPDATE
    SET status = excluded.status, record = excluded.record, fence = excluded.fence
    WHERE opspec_runs.fence <= excluded.fence`;

const PRUNE = `
  DELETE FROM opspec_runs WHERE job = ?1 AND run_id IN (
    SELECT run_id FROM opspec_runs WHERE job = ?1 ORDER BY started_at DESC, run_id LIMIT -1 OFFSET ?2
  )`;

const LIST = `
  SELECT record FROM opspec_runs
  WHERE status IS NOT NULL
    AND (?1 IS NULL OR job = ?1) AND (?2 IS NULL OR status = ?2) AND (?3 IS NULL OR started_at > ?3)
  ORDER BY started_at DESC, run_id LIMIT ?4`;

const UNFINISHED =
  "SELECT record FROM opspec_runs WHERE status IS NULL ORDER BY started_at, run_id";

/** Run records in a SQLite file; several processes may use it at once. */
export async function openSqliteRecords(path: string, keepRecords: number): Promise<RecordStore> {
  const database = await open(path);
  const ask = (verb: string, text: string, values: readonly SQLInputValue[]) => {
    try {
      return database.prepare(text).all(...values);
    } catch (error) {
      throw new StoreError({ where: path, verb }, error);
    }
  };
  const run = (verb: string, text: string, values: readonly SQLInputValue[]): number => {
    try {
      return Number(database.prepare(text).run(...values).changes);
    } catch (error) {
      throw new StoreError({ where: path, verb }, error);
    }
  };
  return {
    begin: async (start) => void run("note the start of a run", BEGIN, columns(start)),
    finish: async (record) => {
      const stored = run("store a run record", FINISH, [...columns(record), record.status]);
      run("drop old run records", PRUNE, [record.job, keepRecords]);
      return stored > 0;
    },
    list: async (query) => recordsOf(ask("read run records", LIST, filters(query))),
    unfinished: async () => recordsOf(ask("read unfinished runs", UNFINISHED, [])),
    close: async () => {
      if (database.isOpen) database.close();
    },
  };
}

async function open(path: string): Promise<DatabaseSync> {
  // Loaded here, because Node before 24 warns when it is loaded.
  const { DatabaseSync: Sqlite } = await import("node:sqlite");
  try {
    mkdirSync(dirname(path), { recursive: true });
    const database = new Sqlite(path, { timeout: BUSY_MS });
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
    database.exec(DDL);
    return database;
  } catch (error) {
    throw new StoreError({ where: path, verb: "open the run records" }, error);
  }
}

function columns(run: RunStart): SQLInputValue[] {
  const { runId, job, scheduledFor, startedAt, fence } = run;
  return [runId, job, isoTime(scheduledFor), isoTime(startedAt), fence, JSON.stringify(run)];
}

function filters({ job, status, since, limit }: RecordQuery): SQLInputValue[] {
  return [job ?? null, status ?? null, since === undefined ? null : isoTime(since), limit];
}

function isoTime(text: string): string {
  return new Date(text).toISOString();
}

/** What we stored ourselves is believed to have its shape. */
function recordsOf<T extends RunStart = RunRecord>(rows: readonly Record<string, unknown>[]): T[] {
  return rows.map(({ record }) => JSON.parse(String(record)) as T);
}
