import type { AlertEvent } from "../../contract/alert-event.ts";
import { dryRunOutcome, type JobContext, JobFailure, type JobOutcome } from "../definition.ts";
import { freshnessJob, type FreshnessOptions } from "./options.ts";
import {
  type CommitAnswer,
  type Commits,
  readCommits,
  readStaleJobs,
  type StaleJob,
} from "./reports.ts";

/** Default time between two reminders; see docs/sources.md. */
const REPEAT_SECONDS = 3600;

/** States of a deployment that need an alert. */
const FAULTS = ["BACKEND_DRIFT", "FRONTEND_DRIFT", "SPLIT_BRAIN", "ERROR"] as const;

/** The state of a deployment. An unknown commit is not a fault of a deployment. */
export type Freshness = (typeof FAULTS)[number] | "OK" | "UNKNOWN";

/** Compares commits and ages of jobs, sends alerts about faults, and fails unless all is well. */
export async function work(
  context: JobContext,
  now: () => Date = () => new Date(),
): Promise<JobOutcome> {
  const options = freshnessJob.options.parse(context.options);
  const finding = await findFaults(context, options, now());
  const { details, title, faults } = finding;
  const isWell = faults.size === 0;
  if (context.dryRun) return dryRunOutcome({ ...details, wouldAlert: !isWell });
  if (!isWell) context.log.warn(details, "freshness");
  await sendAlerts(context, options, { ...finding, at: now().toISOString() });
  if (isWell) return { status: "ok", details };
  throw new JobFailure(title, { details });
}

/** The result of one run. */
interface Finding {
  readonly details: Readonly<Record<string, unknown>>;
  readonly title: string;
  /** The title of the alert by the name of the fault. */
  readonly faults: ReadonlyMap<string, string>;
}

async function findFaults(
  context: JobContext,
  options: FreshnessOptions,
  now: Date,
): Promise<Finding> {
  const [commits, found] = await Promise.all([
    readCommits(context, options),
    readStaleJobs(context, options, now),
  ]);
  const isUnknown = typeof found === "string";
  const stale = isUnknown ? [] : found;
  const freshness = isUnknown ? "ERROR" : judgeCommits(commits);
  const problems = isUnknown ? [`the jobs: ${found}`] : problemsOf(commits);
  const faults = stale.map((it) => [staleName(it.job), staleWords(it)] as const);
  const isFault = FAULTS.some((fault) => fault === freshness);
  return {
    details: { freshness, ...commitDetails(commits), stale },
    title: titleOf(freshness, [...problems, ...stale.map(staleWords)]),
    faults: new Map(isFault ? [[freshness, titleOf(freshness, problems)], ...faults] : faults),
  };
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

function commitDetails(commits: Commits): Readonly<Record<string, string | null>> {
  const answers = Object.entries(commits).filter((it): it is [string, CommitAnswer] => !!it[1]);
  return Object.fromEntries(answers.map(([name, answer]) => [name, commitWords(answer)]));
}

/** The commit, or the reason in brackets why there is none, or null. */
function commitWords(answer: CommitAnswer): string | null {
  return answer.commit ?? ("problem" in answer ? `(${answer.problem})` : null);
}

function problemsOf({ backend, frontend }: Commits): string[] {
  return Object.entries({ backend, frontend }).flatMap(([name, answer]) =>
    answer && "problem" in answer ? [`the ${name}: ${answer.problem}`] : [],
  );
}

function staleName(job: string): string {
  return `stale/${job}`;
}

function staleWords({ job, ageSeconds }: StaleJob): string {
  return ageSeconds === null ? `${job} never ran` : `${job} ran ${ageSeconds} s ago`;
}

function titleOf(freshness: Freshness, problems: readonly string[]): string {
  return problems.length === 0 ? freshness : `${freshness} (${problems.join("; ")})`;
}

/**
 * Each fault is an alert of its own, so the alert store knows which of them fire. It repeats one that
 * lasts after `repeatSeconds`. A deployment has one state: if another fault replaces it, the old alert
 * ends without a message.
 */
async function sendAlerts(
  { job, process }: JobContext,
  { jobs = [], repeatSeconds = REPEAT_SECONDS }: FreshnessOptions,
  { details, title, faults, at }: Finding & { readonly at: string },
): Promise<void> {
  if (!process) return;
  const { alerts, manifest } = process;
  const { system, stack, process: name } = manifest;
  const send = (key: string, kind: AlertEvent["kind"], words: string) => {
    const about = { key, kind, system, stack, process: name, job, details, at };
    return alerts.send({ ...about, title: `${stack}: ${words}`, repeatSeconds });
  };
  const states = FAULTS.map((fault) => ({ fault, resolved: title }));
  const stale = jobs.map((it) => ({ fault: staleName(it.job), resolved: `${it.job} runs again` }));
  const hasState = FAULTS.some((fault) => faults.has(fault));
  for (const { fault, resolved } of [...states, ...stale]) {
    const key = `${stack}/${job}/${fault}`;
    const words = faults.get(fault);
    const isReplaced = hasState && resolved === title;
    if (words !== undefined) await send(key, "rule", words);
    else if (await alerts.isFiring(key)) {
      await (isReplaced ? alerts.clear(key) : send(key, "resolved", resolved));
    }
  }
}
