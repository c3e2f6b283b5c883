import { openDatabase, type PostgresRow } from "../../databases/postgres/database.ts";
import { ensureTable, SCHEMA } from "../../databases/postgres/tables.ts";
import type { RecordQuery, RecordStore, RunRecord, RunStart } from "../../contract/run-record.ts";
import type { Env } from "../../contract/env.ts";
import type { SharedRecords } from "./shared-records.ts";
import { untilItWorks } from "./until-it-works.ts";

const TABLE = `${SCHEMA}.opspec_runs`;

/** `status` is null until the run has ended. */
const DDL = `
  CREATE TABLE IF NOT EXISTS ${TABLE} (
    run_id text PRIMARY KEY,
    stack text NOT NULL,
    job text NOT NULL,
    scheduled_for timestamptz NOT NULL,
    started_at timestamptz NOT NULL,
    fence bigint NOT NULL,
    status text,
    record jsonb NOT NULL
  );
  CREATE INDEX IF NOT EXISTS opspec_runs_by_job ON ${TABLE} (stack, job, started_at DESC);
`;

const BEGIN = `
  INSERT INTO ${TABLE} (stack, run_id, job, scheduled_for, started_at, fence, record)
  VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (run_id) DO NOTHING`;

/** The fence is looked at in the statement that writes, so that nothing comes between. */
const FINISH = `
  INSERT INTO ${TABLE} (stack, run_id, job, scheduled_for, started_at, fence, record, status)
  SELECT $1, $2, $3, $4::timestamptz, $5, $6::bigint, $7, $8
  WHERE NOT EXISTS (
    SELECT 1 FROM ${TABLE} later
    WHERE later.stack = $1 AND later.job = $3
      AND later.scheduled_for = $4::timestamptz AND later.fence > $6::bigint
  )
  ON CONFLICT (run_id) DO UPDATE
    SET status = excluded.status, record = excluded.record, fence = excluded.fence
    WHERE opspec_runs.fence <= excluded.fence
  RETURNING run_id`;

const PRUNE = `
  DELETE FROM ${TABLE} WHERE run_id IN (
    SELECT run_id FROM ${TABLE} WHERE stack = $1 AND job = $2
    ORDER BY started_at DESC, run_id OFFSET $3
  )`;

const LIST = `
  SELECT record FROM ${TABLE}
  WHERE stack = $1 AND status IS NOT NULL
    AND ($2::text IS NULL OR job = $2)
    AND ($3::text IS NULL OR status = $3)
    AND ($4::timestamptz IS NULL OR started_at > $4)
  ORDER BY started_at DESC, run_id LIMIT $5`;

const UNFINISHED = `
  SELECT record FROM ${TABLE} WHERE stack = $1 AND status IS NULL ORDER BY started_at, run_id`;

/** Run records in a table of ours in the app's database. */
export async function openPostgresRecords(
  urlEnv: string,
  env: Env,
  { namespace, keepRecords }: SharedRecords,
): Promise<RecordStore> {
  const database = await openDatabase(urlEnv, env);
  const ready = untilItWorks(() => ensureTable(database.query, "opspec_runs", DDL));
  const ask = async (verb: string, text: string, values: readonly unknown[] = []) => {
    await ready();
    return await database.query(verb, text, [namespace, ...values]);
  };
  return {
    begin: async (run) => void (await ask("note the start of a run", BEGIN, columns(run))),
    finish: async (record) => {
      const values = [...columns(record), record.status];
      const stored = await ask("store a run record", FINISH, values);
      await ask("drop old run records", PRUNE, [record.job, keepRecords]);
      return stored.length > 0;
    },
    list: async (query) => recordsOf(await ask("read run records", LIST, filters(query))),
    unfinished: async () => recordsOf(await ask("read unfinished runs", UNFINISHED)),
    close: () => database.close(),
  };
}

function columns(run: RunStart): unknown[] {
  return [run.runId, run.job, run.scheduledFor, run.startedAt, run.fence, storable(run)];
}

/** An escape in JSON; of surrogates only those without their other half are escaped. */
const ESCAPE = /\\(?:u(?:0000|d[89a-f][0-9a-f]{2})|.)/g;

/**
 * A run as JSON that Postgres takes, which stores no NUL and no half of a character: programs write
 * the one, and a text that was cut ends with the other. A record must not be lost for it.
 *
 * @see https://www.postgresql.org/docs/current/datatype-json.html
 */
function storable(run: RunStart): string {
  return JSON.stringify(run).replace(ESCAPE, (found) => (found.length > 2 ? "\\ufffd" : found));
}

function filters({ job, status, since, limit }: RecordQuery): unknown[] {
  return [job ?? null, status ?? null, since ?? null, limit];
}

/** What we stored ourselves is believed to have its shape. */
function recordsOf<T extends RunStart = RunRecord>(rows: readonly PostgresRow[]): T[] {
  return rows.map(({ record }) => record as T);
}
