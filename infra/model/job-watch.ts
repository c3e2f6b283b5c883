import type { JobSpec } from "../spec/job.ts";
import type { DeepPartial, PartialStackSpec, StackSpec } from "../spec/stack.ts";
import { entriesOf } from "./entries.ts";
import type { OwnedJob } from "./manifest-job.ts";
import { isSupervised } from "./supervision.ts";

/** Alerts that another process must send, because a job that never starts cannot. */
const TOLD_BY_OTHERS: readonly (string | undefined)[] = ["late", "stuck"];

/**
 * The cron jobs whose run records a service watches, because a cron job whose container never
 * starts cannot report it.
 */
export function watchedJobs(spec: StackSpec): readonly OwnedJob[] {
  return Object.entries(spec.jobs ?? {}).flatMap(([name, job]) =>
    isLonely(job) ? [{ name, job, startedBy: "elsewhere" as const }] : [],
  );
}

/**
 * The service that watches cron jobs: the first one by key that shares their state store. Undefined
 * where the stack has no shared records.
 */
export function watcherOf(spec: PartialStackSpec): string | undefined {
  if (spec.stores?.records === undefined) return undefined;
  const watchers = entriesOf(spec.services)
    .filter(([, it]) => it.type !== "static" && isSupervised(it) && !it.stores?.records)
    .map(([key]) => key);
  return watchers.toSorted()[0];
}

/** A cron job that runs its job itself and has an alert for missing runs. */
export function isLonely({ in: owner, calls, by, alerts }: DeepPartial<JobSpec>): boolean {
  const isCron = owner === undefined && calls === undefined && by !== "app";
  return isCron && (alerts?.on ?? []).some((it) => TOLD_BY_OTHERS.includes(it));
}
