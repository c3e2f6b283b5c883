import type { RunRecord } from "../../contract/run-record.ts";
import { dryRunOutcome, type JobContext, JobFailure, type JobOutcome } from "../definition.ts";
import { runSummaryJob } from "./options.ts";

/** Default time that a summary covers; see docs/sources.md. */
const HOURS = 24;
const HOUR_MS = 3_600_000;

/** Maximum number of records of one job. A job that runs each minute has 1,440 a day. */
const RECORDS_MAX = 2000;

/** Percentile of durations, by nearest rank, so that it is the duration of a real run. */
const PERCENTILE = 0.95;

/** Summarizes the runs of each job in a log line each and in one message. */
export async function work(context: JobContext): Promise<JobOutcome> {
  const { job, options, log, process, dryRun } = context;
  const { hours = HOURS, jobs } = runSummaryJob.options.parse(options);
  if (!process) throw new JobFailure("a job that a program of the app runs has no run records");
  const { manifest, records, clock } = process;
  const since = new Date(clock.now().getTime() - hours * HOUR_MS).toISOString();
  const names = (jobs ?? manifest.jobs.map(({ name }) => name)).filter((name) => name !== job);
  const figures = await Promise.all(
    names.map(async (name) =>
      figuresOf(name, await records.list({ job: name, since, limit: RECORDS_MAX })),
    ),
  );
  const details = { hours, jobs: figures };
  if (dryRun) return dryRunOutcome(details);
  for (const it of figures) log.info({ ...it }, "run summary");
  const delivery = await process.alerts.send({
    key: `${manifest.stack}/${job}`,
    kind: "notice",
    system: manifest.system,
    stack: manifest.stack,
    process: manifest.process,
    job,
    title: `${manifest.stack}: ${titleOf(figures, hours)}`,
    details: { jobs: figures },
    at: clock.now().toISOString(),
  });
  return { status: "ok", details: { ...details, delivery } };
}

function titleOf(figures: readonly RunFigures[], hours: number): string {
  const runs = figures.reduce((sum, it) => sum + it.runs, 0);
  const failed = figures
    .filter((it) => it.failed > 0)
    .map((it) => `${it.job} failed ${it.failed} of ${it.runs}`);
  const which = failed.length === 0 ? "none failed" : failed.join(", ");
  return `${runs} runs of ${figures.length} jobs in ${hours} h; ${which}`;
}

/** Figures of the runs of one job. Durations are in ms, and null if nothing ran. */
interface RunFigures {
  readonly job: string;
  /** Without skipped runs. */
  readonly runs: number;
  readonly skipped: number;
  readonly failed: number;
  readonly okPercent: number | null;
  readonly avgMs: number | null;
  readonly p95Ms: number | null;
  /** Attempts after the first of each run. */
  readonly retries: number;
}

/** Computes the figures of a job from its run records. */
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
