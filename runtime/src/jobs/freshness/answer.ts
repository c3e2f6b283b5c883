import * as z from "zod/mini";
import { errorWords } from "../../health/error-words.ts";
import type { JobContext } from "../definition.ts";
import { tokenHeaders, urlOf } from "../request.ts";
import { valueOf } from "../../contract/env.ts";

import type { FreshJob, FreshnessPlace, MainPlace } from "./options.ts";

/** Fields that may contain the commit, in order of preference. */
const COMMIT_FIELDS = ["git_sha", "sha", "commit", "object.sha"];

/** A whole or short Git commit. A build without a commit reports `unknown`. */
const COMMIT = /^[0-9a-f]{7,64}$/i;

/** The commit of one place, or none, or the problem. */
export type CommitAnswer =
  | { readonly commit: string }
  | { readonly commit: undefined; readonly problem?: string };

/** The context of a request. */
interface Question {
  readonly context: Pick<JobContext, "job" | "env" | "signal">;
  /** The option with the place, for messages. */
  readonly option: string;
  readonly timeoutMs: number;
}

/** Reads the commit of a place. Throws only if the place is misconfigured. */
export async function askCommit(place: FreshnessPlace, question: Question): Promise<CommitAnswer> {
  const asked = await askJson(place, question);
  if ("problem" in asked) return { commit: undefined, problem: asked.problem };
  const fields = place.field === undefined ? COMMIT_FIELDS : [place.field];
  const commit = fields.map((field) => valueAt(asked.json, field)).find(isCommit);
  return { commit };
}

/** Reads the commit of the main branch. */
export async function mainCommit(
  { commitEnv, ...place }: MainPlace,
  question: Question,
): Promise<CommitAnswer> {
  const said = commitEnv === undefined ? undefined : valueOf(question.context.env, commitEnv);
  if (said !== undefined) return { commit: isCommit(said) ? said : undefined };
  if (place.url === undefined && place.urlEnv === undefined && commitEnv !== undefined) {
    return { commit: undefined };
  }
  return askCommit(place, question);
}

/** Reads JSON from a place. Returns the problem if there is none. */
async function askJson(
  place: FreshnessPlace,
  question: Question,
): Promise<{ readonly json: unknown } | { readonly problem: string }> {
  const { context, timeoutMs } = question;
  const url = urlOf(context, place, `${question.option}/url`);
  const token = tokenHeaders(context, { tokenEnv: place.tokenEnv, tokenHeader: place.header });
  try {
    const answer = await fetch(url, {
      headers: { accept: "application/json", ...token },
      signal: AbortSignal.any([context.signal, AbortSignal.timeout(timeoutMs)]),
    });
    if (answer.ok) return { json: await answer.json() };
    await answer.body?.cancel();
    return { problem: `HTTP ${answer.status}` };
  } catch (error) {
    if (context.signal.aborted) throw error;
    return { problem: error instanceof SyntaxError ? "no JSON" : errorWords(error) };
  }
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

/** Time of the last good run by job; undefined if there was none. */
type LastGood = ReadonlyMap<string, Date | undefined>;

/** A job whose last good run is too old. The age is null if it never had a good run. */
export interface StaleJob {
  readonly job: string;
  readonly ageSeconds: number | null;
  readonly withinSeconds: number;
}

/** The jobs whose last good run is too old. */
export function staleJobs(jobs: readonly FreshJob[], lastGood: LastGood, now: Date): StaleJob[] {
  return jobs.flatMap(({ job, withinSeconds }) => {
    const at = lastGood.get(job);
    const ageSeconds = at ? Math.round((now.getTime() - at.getTime()) / 1000) : null;
    return ageSeconds !== null && ageSeconds <= withinSeconds
      ? []
      : [{ job, ageSeconds, withinSeconds }];
  });
}

/** The last good runs in the run records of this process. */
export async function recordedRuns(
  { process }: Pick<JobContext, "process">,
  jobs: readonly FreshJob[],
): Promise<LastGood> {
  const names = jobs.map(({ job }) => job);
  const latest = await process?.records.latest({ jobs: names, status: "ok" });
  return new Map([...(latest ?? [])].map(([job, last]) => [job, new Date(last.startedAt)]));
}

/** The last good runs that another process reports, or the problem. */
export async function reportedRuns(
  place: FreshnessPlace,
  question: Question,
): Promise<LastGood | string> {
  const asked = await askJson(place, question);
  if ("problem" in asked) return asked.problem;
  const reported = ReportedJobs.safeParse(asked.json);
  if (!reported.success) return "the answer has no list of jobs";
  return new Map(
    reported.data.jobs.map(({ job_name, name = job_name ?? "", last_run_at, status, lastOk }) => {
      const at = lastOk ?? (status === GOOD ? last_run_at : null);
      const date = at === null || at === undefined ? undefined : new Date(at);
      return [name, date && !Number.isNaN(date.getTime()) ? date : undefined];
    }),
  );
}
