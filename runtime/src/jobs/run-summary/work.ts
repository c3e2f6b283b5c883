import { type JobContext, JobFailure, type JobOutcome } from "../definition.ts";
import { figuresOf, type RunFigures } from "./run-figures.ts";
import { runSummaryJob } from "./options.ts";

/** Default time that a summary covers; see docs/sources.md. */
const HOURS = 24;
const HOUR_MS = 3_600_000;

/** Most records that are looked through of one job: a job that runs each minute has 1,440 a day. */
const RECORDS_MAX = 2000;

/** Sums up what every job did, in a line each and in one message. */
export async function work(context: JobContext): Promise<JobOutcome> {
  const { job, options, log, process, dryRun } = context;
  const { hours = HOURS, jobs } = runSummaryJob.options.parse(options);
  if (!process) throw new JobFailure("a program of its own has no records to sum up");
  const { manifest, records, clock } = process;
  const since = new Date(clock.now().getTime() - hours * HOUR_MS).toISOString();
  const names = (jobs ?? manifest.jobs.map(({ name }) => name)).filter((name) => name !== job);
  const figures = await Promise.all(
    names.map(async (name) =>
      figuresOf(name, await records.list({ job: name, since, limit: RECORDS_MAX })),
    ),
  );
  const details = { hours, jobs: figures };
  if (dryRun) return { status: "skipped", details: { ...details, dryRun: true } };
  for (const it of figures) log.info({ ...it }, "run summary");
  return { status: "ok", details: { ...details, delivery: await tell(context, figures, hours) } };
}

async function tell(
  { job, process }: JobContext,
  figures: readonly RunFigures[],
  hours: number,
): Promise<string | undefined> {
  if (!process) return undefined;
  const { manifest, alerts, clock } = process;
  const { system, stack, process: name } = manifest;
  const failed = figures.filter((it) => it.failed > 0);
  const runs = figures.reduce((sum, it) => sum + it.runs, 0);
  const which = failed.length === 0 ? "none failed" : failed.map(wordsOf).join(", ");
  return alerts.send({
    key: `${stack}/${job}`,
    kind: "notice",
    system,
    stack,
    process: name,
    job,
    title: `${stack}: ${runs} runs of ${figures.length} jobs in ${hours} h; ${which}`,
    details: { jobs: figures },
    at: clock.now().toISOString(),
  });
}

function wordsOf({ job, failed, runs }: RunFigures): string {
  return `${job} failed ${failed} of ${runs}`;
}
