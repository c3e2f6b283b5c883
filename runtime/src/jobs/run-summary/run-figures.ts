import type { RunRecord } from "../../contract/run-record.ts";

/** What is said of the runs of one job; times are in ms, and null where nothing ran. */
export interface RunFigures {
  readonly job: string;
  /** Runs that did something: those that were skipped are not among them. */
  readonly runs: number;
  readonly skipped: number;
  readonly failed: number;
  readonly okPercent: number | null;
  readonly avgMs: number | null;
  readonly p95Ms: number | null;
  /** Tries beyond the first of each run. */
  readonly retries: number;
}

/** The 95th of a hundred, by the nearest rank: a run that really took so long. */
const PERCENTILE = 0.95;

/** Sums up the runs of a job. */
export function figuresOf(job: string, records: readonly RunRecord[]): RunFigures {
  const own = records.filter((it) => it.job === job);
  const ran = own.filter(({ status }) => status !== "skipped");
  const good = ran.filter(({ status }) => status === "ok");
  const times = ran.map(({ durationMs }) => durationMs).toSorted((a, b) => a - b);
  const total = times.reduce((sum, ms) => sum + ms, 0);
  return {
    job,
    runs: ran.length,
    skipped: own.length - ran.length,
    failed: ran.length - good.length,
    okPercent: ran.length === 0 ? null : Math.round((1000 * good.length) / ran.length) / 10,
    avgMs: ran.length === 0 ? null : Math.round(total / ran.length),
    p95Ms: times[Math.ceil(PERCENTILE * times.length) - 1] ?? null,
    retries: ran.reduce((sum, { attempt }) => sum + Math.max(0, attempt - 1), 0),
  };
}
