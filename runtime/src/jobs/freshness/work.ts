import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import * as z from "zod/mini";
import type { AlertEvent } from "../../contract/alert-event.ts";
import { replaceFile } from "../file.ts";
import { type JobContext, JobFailure, type JobOutcome } from "../definition.ts";
import { askCommit, mainCommit } from "./commit-answer.ts";
import {
  type CommitAnswer,
  type Commits,
  FRESHNESS,
  isTold,
  isWell,
  judgeCommits,
  keyOf,
  type ToldState,
} from "./freshness-verdict.ts";
import { freshnessJob } from "./options.ts";
import { recordedRuns, type StaleJob, staleJobs, toldRuns } from "./stale-job.ts";

type Options = z.infer<typeof freshnessJob.options>;

/** Default time between two reminders; see docs/sources.md. */
const REPEAT_SECONDS = 3600;

/** A service of a free plan takes this long to wake up. @see https://render.com/docs/free */
const TIMEOUT_SECONDS = 15;

const StoredState = z.object({
  freshness: z.enum(FRESHNESS),
  stale: z.array(z.string()),
  toldAt: z.nullable(z.iso.datetime()),
});

/** One look, with all that it found. */
interface Look {
  readonly state: ToldState;
  readonly details: Readonly<Record<string, unknown>>;
  readonly title: string;
}

/** Looks which commits run and how old jobs are, tells of changes, and fails unless all is well. */
export async function work(
  context: JobContext,
  now: () => Date = () => new Date(),
): Promise<JobOutcome> {
  const options = freshnessJob.options.parse(context.options);
  const path = resolve(context.directory, options.state ?? `freshness-${context.job}.json`);
  const look = await lookAt(context, options, now());
  const before = await readState(path);
  const repeatMs = (options.repeatSeconds ?? REPEAT_SECONDS) * 1000;
  const isNews = isTold(before, look.state, { now: now(), repeatMs });
  if (context.dryRun) {
    return { status: "skipped", details: { ...look.details, dryRun: true, wouldTell: isNews } };
  }
  const toldAt = isNews ? await tell(context, look, { before, now: now() }) : before?.toldAt;
  // What no channel took is told again by the next run.
  if (toldAt !== undefined || !isNews) {
    await replaceFile(path, `${JSON.stringify({ ...look.state, toldAt: toldAt ?? null })}\n`);
  }
  if (isWell(look.state)) return { status: "ok", details: { ...look.details, told: isNews } };
  throw new JobFailure(look.title, { details: { ...look.details, told: isNews } });
}

async function lookAt(context: JobContext, options: Options, now: Date): Promise<Look> {
  const timeoutMs = (options.timeoutSeconds ?? TIMEOUT_SECONDS) * 1000;
  const question = (option: string) => ({ context, option, timeoutMs });
  const { backend, frontend, main, jobs = [], jobsFrom } = options;
  const [back, front, wanted, runs] = await Promise.all([
    askCommit(backend, question("backend")),
    frontend && askCommit(frontend, question("frontend")),
    main && mainCommit(main, question("main")),
    jobsFrom ? toldRuns(jobsFrom, question("jobsFrom")) : recordedRuns(context, jobs),
  ]);
  const commits: Commits = { backend: back, frontend: front, main: wanted };
  const isUntold = typeof runs === "string";
  const stale = isUntold ? [] : staleJobs(jobs, runs, now);
  const freshness = isUntold ? "ERROR" : judgeCommits(commits);
  const names = stale.map(({ job }) => job);
  const title = titleOf(freshness, stale, isUntold ? `the jobs: ${runs}` : problemOf(commits));
  const details = { freshness, ...told(commits), stale };
  return { state: { freshness, stale: names, toldAt: null }, details, title };
}

function told({ backend, frontend, main }: Commits): Readonly<Record<string, unknown>> {
  return {
    backend: wordsOf(backend),
    ...(frontend ? { frontend: wordsOf(frontend) } : {}),
    ...(main ? { main: wordsOf(main) } : {}),
  };
}

/** The commit, or in brackets why there is none; null where none is told. */
function wordsOf(answer: CommitAnswer): string | null {
  return answer.commit ?? ("problem" in answer ? `(${answer.problem})` : null);
}

function problemOf({ backend, frontend }: Commits): string | undefined {
  const named = Object.entries({ "the backend": backend, "the frontend": frontend });
  const problems = named.flatMap(([name, answer]) =>
    answer && "problem" in answer ? [`${name}: ${answer.problem}`] : [],
  );
  return problems.length === 0 ? undefined : problems.join("; ");
}

function titleOf(freshness: string, stale: readonly StaleJob[], problem?: string): string {
  const old = stale.map(({ job, ageSeconds }) =>
    ageSeconds === null ? `${job} never ran` : `${job} ran ${ageSeconds} s ago`,
  );
  const more = [...(problem === undefined ? [] : [problem]), ...old];
  return more.length === 0 ? freshness : `${freshness} (${more.join("; ")})`;
}

interface Telling {
  readonly before: ToldState | undefined;
  readonly now: Date;
}

/** When it was told; undefined when nobody took it. Where nothing is set up, it counts as told. */
async function tell(
  { job, process, log }: JobContext,
  { state, details, title }: Look,
  { before, now }: Telling,
): Promise<string | undefined> {
  const wasTold = before !== undefined && !isWell(before);
  const isGood = isWell(state);
  const kind: AlertEvent["kind"] = isGood ? (wasTold ? "resolved" : "notice") : "rule";
  log.warn({ alert: kind, ...details }, "freshness");
  if (!process) return now.toISOString();
  const { system, stack, process: name } = process.manifest;
  const delivery = await process.alerts.send({
    // What is over is about what was wrong, so that it closes it.
    key: `${stack}/${job}/${keyOf(isGood && before ? before : state)}`,
    kind,
    system,
    stack,
    process: name,
    job,
    title: `${stack}: ${title}`,
    details,
    at: now.toISOString(),
  });
  return delivery === "error" ? undefined : now.toISOString();
}

/** What was told last; a file that cannot be read says that nothing was. */
async function readState(path: string): Promise<ToldState | undefined> {
  try {
    return StoredState.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    return undefined;
  }
}
