import { ensureAlertTables, storeAlert } from "../alerts/alert-rows.ts";
import type { StoredAlert } from "../contract/alert-event.ts";
import type {
  LatestQuery,
  RecordQuery,
  RecordStore,
  RunRecord,
  RunStart,
} from "../contract/run-record.ts";
import type { Query, Row, SqlDatabase, SqlValue } from "../databases/sql-database.ts";

/**
 * Most records that one pruning deletes: each finished run prunes, so that more are not needed. The
 * journal of so many fits on a nearly full disk.
 */
const PRUNED_MAX = 10;

/**
 * `status` is null until the run has finished. Times in SQLite are ISO 8601 in UTC, whose order as
 * text is their order in time. Its `stack` is empty, because a file belongs to one stack.
 */
const COLUMNS = {
  sqlite: `
    run_id TEXT PRIMARY KEY, job TEXT NOT NULL, scheduled_for TEXT NOT NULL,
    started_at TEXT NOT NULL, fence INTEGER NOT NULL, status TEXT, record TEXT NOT NULL,
    stack TEXT NOT NULL DEFAULT ''`,
  postgres: `
    run_id text PRIMARY KEY, stack text NOT NULL, job text NOT NULL,
    scheduled_for timestamptz NOT NULL, started_at timestamptz NOT NULL, fence bigint NOT NULL,
    status text, record jsonb NOT NULL`,
};

const ADD_STACK = "ALTER TABLE opspec_runs ADD COLUMN stack TEXT NOT NULL DEFAULT ''";

/** Every query of this file uses one of these indexes, so that its time does not grow with the table. */
const INDEXES = `
  CREATE INDEX IF NOT EXISTS opspec_runs_newest
    ON opspec.opspec_runs (stack, started_at DESC, run_id);
  CREATE INDEX IF NOT EXISTS opspec_runs_newest_of_job
    ON opspec.opspec_runs (stack, job, started_at DESC, run_id);
  CREATE INDEX IF NOT EXISTS opspec_runs_by_status
    ON opspec.opspec_runs (stack, job, status, started_at DESC, run_id);
  CREATE INDEX IF NOT EXISTS opspec_runs_unfinished
    ON opspec.opspec_runs (stack, started_at, run_id) WHERE status IS NULL;
  CREATE INDEX IF NOT EXISTS opspec_runs_by_slot
    ON opspec.opspec_runs (stack, job, scheduled_for, fence);`;

/** The last relation that the DDL creates: where it exists, the others do. */
const LAST_CREATED = "opspec_runs_by_slot";

const BEGIN = `
  INSERT INTO opspec.opspec_runs (stack, run_id, job, scheduled_for, started_at, fence, record)
  VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (run_id) DO NOTHING RETURNING run_id`;

/** The statement that writes compares the fence, so that nothing comes between. */
const finishText = (time: string): string => `
  INSERT INTO opspec.opspec_runs
    (stack, run_id, job, scheduled_for, started_at, fence, record, status)
  SELECT $1, $2, $3, CAST($4 AS ${time}), $5, CAST($6 AS bigint), $7, $8
  WHERE NOT EXISTS (
    SELECT 1 FROM opspec.opspec_runs later
    WHERE later.stack = $1 AND later.job = $3
      AND later.scheduled_for = CAST($4 AS ${time}) AND later.fence > CAST($6 AS bigint)
  )
  ON CONFLICT (run_id) DO UPDATE
    SET status = excluded.status, record = excluded.record, fence = excluded.fence
    WHERE opspec_runs.fence <= excluded.fence
  RETURNING run_id`;

const PRUNE = `
  DELETE FROM opspec.opspec_runs WHERE run_id IN (
    SELECT run_id FROM opspec.opspec_runs WHERE stack = $1 AND job = $2
    ORDER BY started_at DESC, run_id LIMIT ${PRUNED_MAX} OFFSET $3
  )`;

const UNFINISHED = `
  SELECT record FROM opspec.opspec_runs WHERE stack = $1 AND status IS NULL
  ORDER BY started_at, run_id`;

const FIND = `
  SELECT record FROM opspec.opspec_runs
  WHERE stack = $1 AND run_id = $2 AND status IS NOT NULL`;

const START_OF = "SELECT record FROM opspec.opspec_runs WHERE stack = $1 AND run_id = $2";

const OF_SLOT = `
  SELECT record FROM opspec.opspec_runs
  WHERE stack = $1 AND job = $2 AND scheduled_for = $3 AND (status IS NULL OR status <> 'skipped')
  ORDER BY fence LIMIT 1`;

/** Whether a run took its slot; a JSON null counts as a value. */
const TOOK_SLOT = `(status <> 'skipped' OR (
  record->'details'->'lateSeconds' IS NULL AND record->'details'->'nextSlot' IS NULL))`;

/** The searched text of a record. SQLite ignores the case of ASCII letters only. */
const SEARCHED = `lower(job || ' ' || (record->>'actor') || ' ' || (record->>'host') || ' ' ||
  coalesce(record->>'error', '') || ' ' || CAST(record->'details' AS text))`;

/** Newest records that a search reads: enough for a stack, and a statement blocks nobody for long. */
const SEARCHED_MAX = 20_000;

/** One record for each name in a JSON array. */
const latestText = ({ dialect }: SqlDatabase, condition: string): string => {
  const names =
    dialect === "sqlite"
      ? "json_each($2) AS names"
      : "json_array_elements_text(CAST($2 AS json)) AS names(value)";
  return `
    SELECT names.value AS job, (
      SELECT record FROM opspec.opspec_runs
      WHERE stack = $1 AND job = names.value AND ${condition}
      ORDER BY started_at DESC, run_id LIMIT 1
    ) AS record FROM ${names}`;
};

/** The records of one stack. */
export interface SqlRecordsOptions {
  /** The stack; empty in SQLite. */
  readonly namespace: string;
  /** The stack of the alerts that are stored with a record. */
  readonly stack?: string;
  /** Records of one job that are kept; all of them without it. */
  readonly keepRecords?: number;
  /** For statements that belong to a transaction of the caller. */
  readonly query?: Query;
}

/** Run records in a table of ours. The caller closes the database. */
export function openRecords(
  database: SqlDatabase,
  {
    namespace,
    stack = namespace,
    keepRecords,
    query = database.query.bind(database),
  }: SqlRecordsOptions,
): RecordStore {
  const finish = finishText(database.dialect === "sqlite" ? "text" : "timestamptz");
  const ask = async (verb: string, text: string, values: readonly SqlValue[] = []) => {
    await ensureRecords(database);
    return await query(verb, text, [namespace, ...values]);
  };
  const storeWith = async (
    { verb, text, values }: { verb: string; text: string; values: SqlValue[] },
    alerts: readonly StoredAlert[],
  ): Promise<Row[]> => {
    await ensureRecords(database);
    await ensureAlertTables(database);
    return await database.transaction(verb, async (inTransaction) => {
      const stored = await inTransaction(verb, text, values);
      if (stored.length === 0) return stored;
      for (const it of alerts) await storeAlert(inTransaction, stack, it);
      return stored;
    });
  };
  return {
    begin: async (run) => (await ask("note the start of a run", BEGIN, columnsOf(run))).length > 0,
    finish: async (record, alerts = []) => {
      const values = [...columnsOf(record), record.status];
      const verb = "store a run record";
      const stored =
        alerts.length === 0
          ? await ask(verb, finish, values)
          : await storeWith({ verb, text: finish, values: [namespace, ...values] }, alerts);
      if (keepRecords === undefined) return stored.length > 0;
      // The record is stored; the next run of the job prunes what this one could not.
      await ask("delete old run records", PRUNE, [record.job, keepRecords]).catch(() => {});
      return stored.length > 0;
    },
    list: async (wanted) => {
      const { text, values } = listQuery(wanted);
      return (await ask("read run records", text, values)).map((row) => recordOf<RunRecord>(row));
    },
    latest: async ({ jobs, status, tookSlot = false }: LatestQuery) => {
      const ended = status === undefined ? "status IS NOT NULL" : "status = $3";
      const condition = tookSlot ? `${ended} AND ${TOOK_SLOT}` : ended;
      const values = [JSON.stringify(jobs), ...(status === undefined ? [] : [status])];
      const rows = await ask("read run records", latestText(database, condition), values);
      const found = rows.filter(({ record }) => record !== null);
      return new Map(found.map((row) => [String(row["job"]), recordOf<RunRecord>(row)]));
    },
    find: async (runId) => {
      const [row] = await ask("read a run record", FIND, [runId]);
      return row && recordOf<RunRecord>(row);
    },
    startOf: async (runId) => {
      const [row] = await ask("read the start of a run", START_OF, [runId]);
      return row && recordOf<RunStart>(row);
    },
    ofSlot: async (job, slot) => {
      const [row] = await ask("read the run of a slot", OF_SLOT, [job, slot.toISOString()]);
      return row && recordOf<RunStart>(row);
    },
    unfinished: async () =>
      (await ask("read unfinished runs", UNFINISHED)).map((row) => recordOf<RunStart>(row)),
  };
}

/** Creates the table and its indexes. */
export async function ensureRecords(database: SqlDatabase): Promise<void> {
  const table = `CREATE TABLE IF NOT EXISTS opspec.opspec_runs (${COLUMNS[database.dialect]})`;
  if (database.dialect === "postgres") {
    return await database.ensure(LAST_CREATED, `${table};${INDEXES}`);
  }
  await database.ensure("opspec_runs", `${table} STRICT`);
  await database.ensure(LAST_CREATED, INDEXES).catch(async () => {
    // A file of an older version lacks the column, unless another process has just added it.
    await database.query("add a column to the run records", ADD_STACK).catch(() => {});
    await database.ensure(LAST_CREATED, INDEXES);
  });
}

/** Only the conditions that are asked for, so that the index that fits them is used. */
function listQuery({ job, status, since, until, text, limit }: RecordQuery): {
  text: string;
  values: SqlValue[];
} {
  const values: SqlValue[] = [];
  // The stack is the first parameter.
  const parameter = (value: SqlValue): string => `$${values.push(value) + 1}`;
  const conditions = [
    "stack = $1",
    job === undefined ? "" : `job = ${parameter(job)}`,
    status === undefined ? "status IS NOT NULL" : `status = ${parameter(status)}`,
    since === undefined ? "" : `started_at > ${parameter(isoTime(since))}`,
    until === undefined ? "" : `started_at <= ${parameter(isoTime(until))}`,
  ].filter((it) => it !== "");
  const newestFirst = "ORDER BY started_at DESC, run_id LIMIT";
  const selected = `FROM opspec.opspec_runs WHERE ${conditions.join(" AND ")} ${newestFirst}`;
  if (text === undefined) {
    return { text: `SELECT record ${selected} ${parameter(limit)}`, values };
  }
  const newest = `SELECT job, record, started_at, run_id ${selected} ${SEARCHED_MAX}`;
  const matches = `${SEARCHED} LIKE ${parameter(patternOf(text))} ESCAPE '!'`;
  const search = `SELECT record FROM (${newest}) newest WHERE ${matches} ${newestFirst}`;
  return { text: `${search} ${parameter(limit)}`, values };
}

/** A LIKE pattern for a text that contains this one. */
function patternOf(text: string): string {
  return `%${text.toLowerCase().replace(/[!%_]/g, "!$&")}%`;
}

function columnsOf(run: RunStart): SqlValue[] {
  const { runId, job, scheduledFor, startedAt, fence } = run;
  return [runId, job, isoTime(scheduledFor), isoTime(startedAt), fence, storable(run)];
}

/** An escape in JSON. Only surrogates without their other half are escaped. */
const ESCAPE = /\\(?:u(?:0000|d[89a-f][0-9a-f]{2})|.)/g;

/**
 * A run as JSON that Postgres accepts: it stores neither NUL, which programs write, nor half of a
 * surrogate pair, with which a shortened text ends. A record must not be lost for it.
 *
 * @see https://www.postgresql.org/docs/current/datatype-json.html
 */
function storable(run: RunStart): string {
  return JSON.stringify(run).replace(ESCAPE, (found) => (found.length > 2 ? "\\ufffd" : found));
}

function isoTime(text: string): string {
  return new Date(text).toISOString();
}

/** Records that we stored ourselves are not checked again. Postgres returns JSON as an object. */
function recordOf<T extends RunStart>({ record }: Row): T {
  return (typeof record === "string" ? JSON.parse(record) : record) as T;
}
