import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import * as z from "zod/mini";
import type { AlertEvent } from "../../contract/alert-event.ts";
import { type JobContext, JobFailure, type JobOutcome } from "../definition.ts";
import { replaceFile } from "../file.ts";
import {
  askCommit,
  type CommitAnswer,
  mainCommit,
  recordedRuns,
  type StaleJob,
  staleJobs,
  reportedRuns,
} from "./answer.ts";
import { freshnessJob } from "./options.ts";

type Options = z.infer<typeof freshnessJob.options>;

/** Default time between two reminders; see docs/sources.md. */
const REPEAT_SECONDS = 3600;

/** Default time limit of a request, in seconds: a service of a free plan takes this long to start. @see https://render.com/docs/free */
const TIMEOUT_SECONDS = 15;

/** What the guardian calls the state of a deployment. */
export const FRESHNESS = [
  "OK",
  "BACKEND_DRIFT",
  "FRONTEND_DRIFT",
  "SPLIT_BRAIN",
  "UNKNOWN",
  "ERROR",
] as const;

export type Freshness = (typeof FRESHNESS)[number];

/** The commits to compare. */
export interface Commits {
  readonly backend: CommitAnswer;
  readonly frontend?: CommitAnswer | undefined;
  readonly main?: CommitAnswer | undefined;
}

/**
 * Which of them is behind. `ERROR`: the backend or the frontend did not answer. `SPLIT_BRAIN`: they
 * run different commits, and neither is known to be main's. `UNKNOWN`: nothing can be compared.
 * If both are behind, the result is `BACKEND_DRIFT`, because the backend is deployed first.
 */
export function judgeCommits({ backend, frontend, main }: Commits): Freshness {
  const running = frontend ? [backend, frontend] : [backend];
  if (running.some((it) => "problem" in it)) return "ERROR";
  const [back, front = back] = running.map(({ commit }) => commit);
  if (back === undefined || front === undefined) return "UNKNOWN";
  const wanted = main?.commit;
  if (wanted === undefined) return isSame(back, front) ? "UNKNOWN" : "SPLIT_BRAIN";
  const isBackFresh = isSame(back, wanted);
  const isFrontFresh = isSame(front, wanted);
  if (isBackFresh) return isFrontFresh ? "OK" : "FRONTEND_DRIFT";
  return isFrontFresh || isSame(back, front) ? "BACKEND_DRIFT" : "SPLIT_BRAIN";
}

/** A short commit equals a long one that begins with it. */
function isSame(a: string, b: string): boolean {
  const length = Math.min(a.length, b.length);
  return a.slice(0, length).toLowerCase() === b.slice(0, length).toLowerCase();
}

/** What is told and remembered of one finding. */
export interface FreshnessState {
  readonly freshness: Freshness;
  /** Jobs whose last good run is too old. */
  readonly stale: readonly string[];
}

/** A state with the time of its alert, ISO 8601 in UTC, or null if it needed none. */
export interface ToldState extends FreshnessState {
  readonly toldAt: string | null;
}

/** Whether no alert is needed. An unknown commit is not a fault of a deployment. */
export function isWell({ freshness, stale }: FreshnessState): boolean {
  return (freshness === "OK" || freshness === "UNKNOWN") && stale.length === 0;
}

/** Whether an alert is due: after a change, and periodically while the state is wrong. A good first state is not a change. */
export function isTold(
  before: ToldState | undefined,
  state: FreshnessState,
  { now, repeatMs }: { readonly now: Date; readonly repeatMs: number },
): boolean {
  if (!before) return !isWell(state);
  if (keyOf(before) !== keyOf(state)) return true;
  if (isWell(state)) return false;
  return before.toldAt === null || now.getTime() - Date.parse(before.toldAt) >= repeatMs;
}

/** Equal for equal states. */
export function keyOf({ freshness, stale }: FreshnessState): string {
  return [freshness, ...stale.toSorted()].join(",");
}

const StoredState = z.object({
  freshness: z.enum(FRESHNESS),
  stale: z.array(z.string()),
  toldAt: z.nullable(z.iso.datetime()),
});

/** The result of one run. */
interface Finding {
  readonly state: ToldState;
  readonly details: Readonly<Record<string, unknown>>;
  readonly title: string;
}

/** Compares commits and ages of jobs, alerts about changes, and fails unless all is well. */
export async function work(
  context: JobContext,
  now: () => Date = () => new Date(),
): Promise<JobOutcome> {
  const options = freshnessJob.options.parse(context.options);
  const path = resolve(context.directory, options.state ?? `freshness-${context.job}.json`);
  const finding = await probe(context, options, now());
  const before = await readState(path);
  const repeatMs = (options.repeatSeconds ?? REPEAT_SECONDS) * 1000;
  const isNews = isTold(before, finding.state, { now: now(), repeatMs });
  if (context.dryRun) {
    return { status: "skipped", details: { ...finding.details, dryRun: true, wouldTell: isNews } };
  }
  const toldAt = isNews
    ? await sendAlert(context, finding, { before, now: now() })
    : before?.toldAt;
  // If no channel took the alert, the next run sends it again.
  if (toldAt !== undefined || !isNews) {
    await replaceFile(path, `${JSON.stringify({ ...finding.state, toldAt: toldAt ?? null })}\n`);
  }
  if (isWell(finding.state)) return { status: "ok", details: { ...finding.details, told: isNews } };
  throw new JobFailure(finding.title, { details: { ...finding.details, told: isNews } });
}

async function probe(context: JobContext, options: Options, now: Date): Promise<Finding> {
  const timeoutMs = (options.timeoutSeconds ?? TIMEOUT_SECONDS) * 1000;
  const question = (option: string) => ({ context, option, timeoutMs });
  const { backend, frontend, main, jobs = [], jobsFrom } = options;
  const [back, front, wanted, runs] = await Promise.all([
    askCommit(backend, question("backend")),
    frontend && askCommit(frontend, question("frontend")),
    main && mainCommit(main, question("main")),
    jobsFrom ? reportedRuns(jobsFrom, question("jobsFrom")) : recordedRuns(context, jobs),
  ]);
  const commits: Commits = { backend: back, frontend: front, main: wanted };
  const isUnknown = typeof runs === "string";
  const stale = isUnknown ? [] : staleJobs(jobs, runs, now);
  const freshness = isUnknown ? "ERROR" : judgeCommits(commits);
  const names = stale.map(({ job }) => job);
  const title = titleOf(freshness, stale, isUnknown ? `the jobs: ${runs}` : problemOf(commits));
  const details = { freshness, ...commitDetails(commits), stale };
  return { state: { freshness, stale: names, toldAt: null }, details, title };
}

function commitDetails({ backend, frontend, main }: Commits): Readonly<Record<string, unknown>> {
  return {
    backend: wordsOf(backend),
    ...(frontend ? { frontend: wordsOf(frontend) } : {}),
    ...(main ? { main: wordsOf(main) } : {}),
  };
}

/** The commit, or the reason in brackets why there is none, or null. */
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

interface AlertTime {
  readonly before: ToldState | undefined;
  readonly now: Date;
}

/** The time of the alert, or undefined if no channel took it. Without a channel it counts as sent. */
async function sendAlert(
  { job, process, log }: JobContext,
  { state, details, title }: Finding,
  { before, now }: AlertTime,
): Promise<string | undefined> {
  const wasTold = before !== undefined && !isWell(before);
  const isGood = isWell(state);
  const kind: AlertEvent["kind"] = isGood ? (wasTold ? "resolved" : "notice") : "rule";
  log.warn({ alert: kind, ...details }, "freshness");
  if (!process) return now.toISOString();
  const { system, stack, process: name } = process.manifest;
  const delivery = await process.alerts.send({
    // A resolved alert has the key of the alert that it resolves.
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

/** The state of the last alert. A file that cannot be read counts as none. */
async function readState(path: string): Promise<ToldState | undefined> {
  try {
    return StoredState.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    return undefined;
  }
}
