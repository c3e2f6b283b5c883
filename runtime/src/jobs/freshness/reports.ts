import * as z from "zod/mini";
import { parseObject } from "../../contract/text.ts";
import { valueOf } from "../../contract/env.ts";
import type { JobContext } from "../definition.ts";
import { ask, tokenHeaders, urlOf } from "../request.ts";
import type { FreshnessOptions } from "./options.ts";

/** Default time limit of a request, in seconds: a service of a free plan takes this long to start. @see https://render.com/docs/free */
const TIMEOUT_SECONDS = 15;

/** Fields that may contain the commit, in order of preference. */
const COMMIT_FIELDS = ["git_sha", "sha", "commit", "object.sha"];

/** A whole or short Git commit. A build without a commit reports `unknown`. */
const COMMIT = /^[0-9a-f]{7,64}$/i;

/** A commit, none, or the reason why a URL did not report one. */
export type CommitAnswer =
  | { readonly commit: string }
  | { readonly commit: undefined; readonly problem?: string };

/** The commits to compare. */
export interface Commits {
  readonly backend: CommitAnswer;
  readonly frontend?: CommitAnswer | undefined;
  readonly main?: CommitAnswer | undefined;
}

/** Reads all commits at the same time. Throws only if a URL is misconfigured. */
export async function readCommits(
  context: JobContext,
  options: FreshnessOptions,
): Promise<Commits> {
  const { frontend, main } = options;
  const [backend, front, wanted] = await Promise.all([
    readCommit(context, options, "backend"),
    frontend && readCommit(context, options, "frontend"),
    main && (commitOf(context, main) ?? readCommit(context, options, "main")),
  ]);
  return { backend, frontend: front, main: wanted };
}

/** The commit of main from its variable; undefined if a URL reports it. */
function commitOf(
  { env }: JobContext,
  { url, urlEnv, commitEnv }: NonNullable<FreshnessOptions["main"]>,
): CommitAnswer | undefined {
  if (commitEnv === undefined) return undefined;
  const value = valueOf(env, commitEnv);
  if (value === undefined && (url !== undefined || urlEnv !== undefined)) return undefined;
  return { commit: isCommit(value) ? value : undefined };
}

async function readCommit(
  context: JobContext,
  options: FreshnessOptions,
  option: "backend" | "frontend" | "main",
): Promise<CommitAnswer> {
  const { json, problem } = await readJson(context, options, option);
  if (problem !== undefined) return { commit: undefined, problem };
  const field = options[option]?.field;
  const fields = field === undefined ? COMMIT_FIELDS : [field];
  return { commit: fields.map((it) => valueAt(json, it)).find(isCommit) };
}

interface JsonAnswer {
  readonly json?: unknown;
  readonly problem?: string;
}

async function readJson(
  context: JobContext,
  options: FreshnessOptions,
  option: "backend" | "frontend" | "main" | "jobsFrom",
): Promise<JsonAnswer> {
  const { header: tokenHeader, ...report } = options[option] ?? {};
  const { timeoutSeconds = TIMEOUT_SECONDS } = options;
  const url = urlOf(context, report, { option: `${option}/url` });
  const headers = {
    accept: "application/json",
    ...tokenHeaders(context, { ...report, tokenHeader }),
  };
  const answer = await ask(context, url, { headers, timeoutSeconds });
  if (answer.problem !== undefined) return answer;
  if (answer.status < 200 || answer.status > 299) return { problem: `HTTP ${answer.status}` };
  const json = parseObject(answer.body);
  return json ? { json } : { problem: "no JSON" };
}

function valueAt(json: unknown, field: string): unknown {
  return field.split(".").reduce<unknown>((value, part) => {
    if (typeof value !== "object" || value === null) return undefined;
    return Object.getOwnPropertyDescriptor(value, part)?.value;
  }, json);
}

function isCommit(value: unknown): value is string {
  return typeof value === "string" && COMMIT.test(value);
}

/** Jobs as in `/ops/jobs`: the fields of a system's own path (`job_name`), or the runtime's. */
const ReportedJobs = z.object({
  jobs: z.array(
    z.object({
      job_name: z.optional(z.string()),
      name: z.optional(z.string()),
      last_run_at: z.optional(z.nullable(z.string())),
      status: z.optional(z.nullable(z.string())),
      lastOk: z.optional(z.nullable(z.string())),
    }),
  ),
});

/** The status of a successful run in an app's own table; see docs/sources.md. */
const GOOD = "success";

/** A job whose last good run is too old. The age is null if it never had a good run. */
export interface StaleJob {
  readonly job: string;
  readonly ageSeconds: number | null;
  readonly withinSeconds: number;
}

/** The jobs whose last good run is too old, or the reason why that is not known. */
export async function readStaleJobs(
  context: JobContext,
  options: FreshnessOptions,
  now: Date,
): Promise<readonly StaleJob[] | string> {
  const { jobs = [], jobsFrom } = options;
  const lastGood = jobsFrom
    ? await reportedRuns(context, options)
    : await recordedRuns(
        context,
        jobs.map(({ job }) => job),
      );
  if (typeof lastGood === "string") return lastGood;
  return jobs.flatMap(({ job, withinSeconds }) => {
    const atMs = Date.parse(lastGood.get(job) ?? "");
    const ageSeconds = Number.isNaN(atMs) ? null : Math.round((now.getTime() - atMs) / 1000);
    const isFresh = ageSeconds !== null && ageSeconds <= withinSeconds;
    return isFresh ? [] : [{ job, ageSeconds, withinSeconds }];
  });
}

/** Time of the last good run by job. */
type LastGood = ReadonlyMap<string, string | null | undefined>;

async function recordedRuns({ process }: JobContext, jobs: readonly string[]): Promise<LastGood> {
  const latest = await process?.records.latest({ jobs, status: "ok" });
  return new Map([...(latest ?? [])].map(([job, { startedAt }]) => [job, startedAt]));
}

async function reportedRuns(
  context: JobContext,
  options: FreshnessOptions,
): Promise<LastGood | string> {
  const { json, problem } = await readJson(context, options, "jobsFrom");
  if (problem !== undefined) return problem;
  const reported = ReportedJobs.safeParse(json);
  if (!reported.success) return "the answer has no list of jobs";
  return new Map(
    reported.data.jobs.map(({ job_name, name = job_name ?? "", last_run_at, status, lastOk }) => [
      name,
      lastOk ?? (status === GOOD ? last_run_at : null),
    ]),
  );
}
