import { createHash } from "node:crypto";
import type { ManifestJob } from "../../contract/job.ts";
import type { RunStatus } from "../../contract/run-record.ts";
import type { AppRunEnd } from "./app-run.ts";

type AppRuns = NonNullable<ManifestJob["appRuns"]>;

/** Default columns of an app's own table of runs; see docs/sources.md. */
const COLUMNS = {
  job: "job_name",
  lastRunAt: "last_run_at",
  status: "status",
  durationMs: "duration_ms",
  error: "error_snippet",
} as const;

/** What apps call their outcomes; anything else is a failure that says what it was. */
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

/** Rows of runs that have not ended are looked at again later. */
const UNFINISHED = ["running", "started", "pending", "queued"].map((it) => `'${it}'`).join(", ");

/** A run as its row tells it. */
export interface TableRun extends AppRunEnd {
  readonly startedAt: Date;
}

/** Ended runs of the job ($1) that are newer than $2, oldest first; only the newest one without it. */
export function rowsQuery({ table, columns = {} }: AppRuns, limit: number): string {
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
    // Postgres keeps microseconds and a Date milliseconds: without the cut a row is newer than itself.
    ` AND ($2::timestamptz IS NULL OR date_trunc('milliseconds', ${at}) > $2::timestamptz)` +
    ` AND ${at} IS NOT NULL AND lower(${status}::text) <> ALL (ARRAY[${UNFINISHED}])` +
    ` ORDER BY ${at} DESC LIMIT CASE WHEN $2::timestamptz IS NULL THEN 1 ELSE ${limit} END`;
  return `SELECT * FROM (${newest}) AS newest ORDER BY "lastRunAt"`;
}

/** The run of a row, or undefined when the row has no time. */
export function runOfRow(row: Readonly<Record<string, unknown>>): TableRun | undefined {
  const { lastRunAt, status, durationMs, error } = row;
  if (!(lastRunAt instanceof Date)) return undefined;
  const said = typeof status === "string" ? status : "nothing";
  const known = STATUSES[said.toLowerCase()];
  const text = typeof error === "string" && error !== "" ? error : null;
  return {
    startedAt: lastRunAt,
    status: known ?? "failed",
    durationMs: typeof durationMs === "number" ? Math.max(0, Math.round(durationMs)) : 0,
    error: text ?? (known ? null : `the app's table says the status "${said}"`),
    details: { from: "the app's table", status: said },
  };
}

/** The same run has the same id for whoever reads it, and whenever. */
export function idOfRun(table: string, job: string, at: Date): string {
  const hash = createHash("sha256").update(`${table}\0${job}\0${at.toISOString()}`).digest("hex");
  const parts = [hash.slice(0, 8), hash.slice(8, 12), `8${hash.slice(13, 16)}`];
  return [...parts, `8${hash.slice(17, 20)}`, hash.slice(20, 32)].join("-");
}

/** An identifier that means the same in any case; a quote inside it is doubled. */
function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
