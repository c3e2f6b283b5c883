import type { JobSpec } from "../spec/job.ts";
import type { DeepPartial, PartialStackSpec, StackSpec } from "../spec/stack.ts";
import { entriesOf } from "./entries.ts";
import type { OwnedJob } from "./manifest-job.ts";
import { isSupervised } from "./supervision.ts";

/** What only somebody else can tell: a job that is not started says nothing. */
const TOLD_BY_OTHERS: readonly (string | undefined)[] = ["late", "stuck"];

/**
 * The cron jobs that a service watches by their records, because a cron job whose container never
 * starts cannot say so itself. One service does, the first by key that keeps its records where the
 * cron jobs keep theirs.
 */
export function watchedJobs(spec: StackSpec, service: string): readonly OwnedJob[] {
  if (watcherOf(spec) !== service) return [];
  return Object.entries(spec.jobs ?? {}).flatMap(([name, job]) =>
    isLonely(job) ? [{ name, job, startedBy: "elsewhere" as const }] : [],
  );
}

/** The service that watches cron jobs; undefined where the stack has no shared records. */
export function watcherOf(spec: PartialStackSpec): string | undefined {
  if (spec.stores?.records === undefined) return undefined;
  const watchers = entriesOf(spec.services)
    .filter(([, it]) => it.type !== "static" && isSupervised(it) && !it.stores?.records)
    .map(([key]) => key);
  return watchers.toSorted()[0];
}

/** A cron job that runs its job itself, and of which somebody wants to know that it did not. */
export function isLonely({ in: owner, calls, by, alerts }: DeepPartial<JobSpec>): boolean {
  const isCron = owner === undefined && calls === undefined && by !== "app";
  return isCron && (alerts?.on ?? []).some((it) => TOLD_BY_OTHERS.includes(it));
}
