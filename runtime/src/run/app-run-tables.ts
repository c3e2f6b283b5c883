import { createHash } from "node:crypto";
import type { ManifestJob } from "../contract/job.ts";
import { openDatabase, type PostgresDatabase } from "../databases/postgres.ts";
import { appJobs, type AppRunEnd, type AppRunProcess, appRunStart, endAppRun } from "./app-runs.ts";
import type { RunStatus } from "../contract/run-record.ts";
import { sleep } from "./timer.ts";

/** Poll interval of an app's table, in ms; each poll is one short query a job. */
const POLL_MS = 30_000;

/** Most rows of one poll; the next poll reads the rest. */
const ROWS_MAX = 100;

export interface TableWatch {
  stop(): Promise<void>;
}

/** A job, and the table that has its runs. */
interface Watched {
  readonly job: ManifestJob;
  readonly runs: NonNullable<ManifestJob["appRuns"]>;
  readonly database: PostgresDatabase;
  /** Start of the newest run that was recorded. */
  lastAt: Date | undefined;
  isInTrouble: boolean;
}

/**
 * Records the runs that the app writes into its own table.
 *
 * A table with one row per job has only the latest run, so a run that is overwritten between two
 * polls is not recorded. Lateness is still correct, because it depends on the latest run.
 */
export async function watchAppTables(
  process: AppRunProcess,
  pollMs = POLL_MS,
): Promise<TableWatch> {
  const watched = await open(process);
  const stopping = new AbortController();
  const { signal } = stopping;
  const done = (async () => {
    while (watched.length > 0 && !signal.aborted) {
      for (const each of watched) await poll(process, each);
      await sleep(pollMs, signal);
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await done;
      await Promise.all(
        [...new Set(watched.map(({ database }) => database))].map((it) => it.close()),
      );
    },
  };
}

async function open(process: AppRunProcess): Promise<Watched[]> {
  const databases = new Map<string, Promise<PostgresDatabase>>();
  const watched = appJobs(process).map(async (job): Promise<Watched[]> => {
    const runs = job.appRuns;
    if (!runs) return [];
    const opened = databases.get(runs.urlEnv) ?? openDatabase(runs.urlEnv, process.env);
    databases.set(runs.urlEnv, opened);
    return [{ job, runs, database: await opened, lastAt: undefined, isInTrouble: false }];
  });
  return (await Promise.all(watched)).flat();
}

async function poll(process: AppRunProcess, watched: Watched): Promise<void> {
  const { job, runs, database, lastAt } = watched;
  const log = process.log.child({ job: job.name });
  try {
    const name = runs.job ?? job.name;
    const values = [name, lastAt?.toISOString() ?? null];
    const verb = `read the app's runs of ${job.name}`;
    for (const row of await database.query(verb, rowsQuery(runs, ROWS_MAX), values)) {
      const run = runOfRow(row);
      if (run) await recordRow(process, watched, run);
    }
    if (watched.isInTrouble) log.info("the app's table of runs can be read again");
    watched.isInTrouble = false;
  } catch (error) {
    if (!watched.isInTrouble)
      log.warn({ err: error }, "cannot read the app's table of runs; retrying");
    watched.isInTrouble = true;
  }
}

async function recordRow(process: AppRunProcess, watched: Watched, run: TableRun): Promise<void> {
  const { job, runs } = watched;
  const runId = idOfRun(runs.table, job.name, run.startedAt);
  const isFirst = watched.lastAt === undefined;
  if (!isFirst || !(await isRecorded(process, runId))) {
    const start = appRunStart(process, job.name, { startedAt: run.startedAt, runId });
    await endAppRun(process, start, run);
  }
  watched.lastAt = run.startedAt;
}

async function isRecorded(process: AppRunProcess, runId: string): Promise<boolean> {
  return (await process.records.find(runId)) !== undefined;
}

type AppRuns = NonNullable<ManifestJob["appRuns"]>;

/** Default columns of an app's own table of runs; see docs/sources.md. */
const COLUMNS = {
  job: "job_name",
  lastRunAt: "last_run_at",
  status: "status",
  durationMs: "duration_ms",
  error: "error_snippet",
} as const;

/** Statuses that apps write; any other one counts as a failure that names it. */
const STATUSES: Readonly<Record<string, RunStatus>> = {
  success: "ok",
  succeeded: "ok",
  ok: "ok",
  done: "ok",
  completed: "ok",
  failure: "failed",
  failed: "failed",
  error: "failed",
  skipped: "skipped",
  timeout: "timed-out",
  "timed-out": "timed-out",
};

/** Rows with these statuses are read again later. */
const UNFINISHED = ["running", "started", "pending", "queued"].map((it) => `'${it}'`).join(", ");

/** A run, read from its row. */
interface TableRun extends AppRunEnd {
  readonly startedAt: Date;
}

/** Ended runs of the job ($1) that are newer than $2, oldest first; only the newest one without it. */
function rowsQuery({ table, columns = {} }: AppRuns, limit: number): string {
  const at = quote(columns.lastRunAt ?? COLUMNS.lastRunAt);
  const status = quote(columns.status ?? COLUMNS.status);
  const fields = [
    `${at} AS "lastRunAt"`,
    `${status}::text AS "status"`,
    `${quote(columns.durationMs ?? COLUMNS.durationMs)}::float8 AS "durationMs"`,
    `left(${quote(columns.error ?? COLUMNS.error)}::text, 2000) AS "error"`,
  ].join(", ");
  const from = table.split(".").map(quote).join(".");
  const newest =
    `SELECT ${fields} FROM ${from} WHERE ${quote(columns.job ?? COLUMNS.job)} = $1` +
    // Postgres keeps microseconds, a Date milliseconds: without the cut, a row is newer than itself.
    ` AND ($2::timestamptz IS NULL OR date_trunc('milliseconds', ${at}) > $2::timestamptz)` +
    ` AND ${at} IS NOT NULL AND lower(${status}::text) <> ALL (ARRAY[${UNFINISHED}])` +
    ` ORDER BY ${at} DESC LIMIT CASE WHEN $2::timestamptz IS NULL THEN 1 ELSE ${limit} END`;
  return `SELECT * FROM (${newest}) AS newest ORDER BY "lastRunAt"`;
}

/** The run of a row, or undefined when the row has no time. */
function runOfRow(row: Readonly<Record<string, unknown>>): TableRun | undefined {
  const { lastRunAt, status, durationMs, error } = row;
  if (!(lastRunAt instanceof Date)) return undefined;
  const said = typeof status === "string" ? status : "nothing";
  const known = STATUSES[said.toLowerCase()];
  const text = typeof error === "string" && error !== "" ? error : null;
  return {
    startedAt: lastRunAt,
    status: known ?? "failed",
    durationMs: typeof durationMs === "number" ? Math.max(0, Math.round(durationMs)) : 0,
    error: text ?? (known ? null : `the app's table has the unknown status "${said}"`),
    details: { from: "the app's table", status: said },
  };
}

/** An id that is the same for every reader of a run, at any time. */
function idOfRun(table: string, job: string, at: Date): string {
  const hash = createHash("sha256").update(`${table}\0${job}\0${at.toISOString()}`).digest("hex");
  const parts = [hash.slice(0, 8), hash.slice(8, 12), `8${hash.slice(13, 16)}`];
  return [...parts, `8${hash.slice(17, 20)}`, hash.slice(20, 32)].join("-");
}

/** A quoted identifier of Postgres. */
function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
