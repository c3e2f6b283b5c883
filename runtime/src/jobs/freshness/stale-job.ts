import * as z from "zod/mini";
import type { JobContext } from "../definition.ts";
import { askJson, type Question } from "./commit-answer.ts";
import type { FreshJob, FreshnessPlace } from "./options.ts";

/** Jobs as `/ops/jobs` lists them: the fields of a runbook's own path (`job_name`), or ours. */
const ToldJobs = z.object({
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

/** Of one job, when it last ran well; undefined when it never did. */
export type LastGood = ReadonlyMap<string, Date | undefined>;

/** A job that is too old, with how old; null when it never ran well. */
export interface StaleJob {
  readonly job: string;
  readonly ageSeconds: number | null;
  readonly withinSeconds: number;
}

/** The jobs whose last good run is older than it may be. */
export function staleJobs(jobs: readonly FreshJob[], lastGood: LastGood, now: Date): StaleJob[] {
  return jobs.flatMap(({ job, withinSeconds }) => {
    const at = lastGood.get(job);
    const ageSeconds = at ? Math.round((now.getTime() - at.getTime()) / 1000) : null;
    return ageSeconds !== null && ageSeconds <= withinSeconds
      ? []
      : [{ job, ageSeconds, withinSeconds }];
  });
}

/** The last good runs by the records of this process. */
export async function recordedRuns(
  { process }: Pick<JobContext, "process">,
  jobs: readonly FreshJob[],
): Promise<LastGood> {
  const names = jobs.map(({ job }) => job);
  const latest = await process?.records.latest({ jobs: names, status: "ok" });
  return new Map([...(latest ?? [])].map(([job, last]) => [job, new Date(last.startedAt)]));
}

/** The last good runs as another process tells them, or in words why it does not. */
export async function toldRuns(
  place: FreshnessPlace,
  question: Question,
): Promise<LastGood | string> {
  const asked = await askJson(place, question);
  if ("problem" in asked) return asked.problem;
  const told = ToldJobs.safeParse(asked.json);
  if (!told.success) return "it does not tell jobs";
  return new Map(
    told.data.jobs.map(({ job_name, name = job_name ?? "", last_run_at, status, lastOk }) => {
      const at = lastOk ?? (status === GOOD ? last_run_at : null);
      const date = at === null || at === undefined ? undefined : new Date(at);
      return [name, date && !Number.isNaN(date.getTime()) ? date : undefined];
    }),
  );
}
