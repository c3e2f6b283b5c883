import type { JobSpec } from "../spec/job.ts";
import type { StackSpec } from "../spec/stack.ts";
import { appServiceOf } from "./job-owner.ts";
import { watchedJobs, watcherOf } from "./job-watch.ts";
import type { OwnedJob } from "./manifest-job.ts";

/** The jobs of a service. */
export interface ServiceJobs {
  /** Jobs that run in it. */
  readonly jobs: readonly OwnedJob[];
  /** Cron jobs whose run records it watches. */
  readonly watched: readonly OwnedJob[];
  /** Cron jobs that run in its image, by key. */
  readonly like: readonly (readonly [key: string, job: JobSpec])[];
}

/** Finds the jobs of a service. All jobs are grouped once, so that a large stack stays linear. */
export function jobsByService(spec: StackSpec): (service: string) => ServiceJobs {
  const all = Object.entries(spec.jobs ?? {});
  const owned = all.flatMap(([name, job]) => {
    const owner = ownerOf(spec, job);
    return owner ? [{ ...owner, name, job }] : [];
  });
  const own = Map.groupBy(owned, (it) => it.service);
  const like = Map.groupBy(all, ([, job]) => job.like);
  const watcher = watcherOf(spec);
  const watched = watcher === undefined ? [] : watchedJobs(spec);
  return (service) => ({
    jobs: own.get(service) ?? [],
    watched: service === watcher ? watched : [],
    like: like.get(service) ?? [],
  });
}

function ownerOf(
  spec: StackSpec,
  job: JobSpec,
): { service: string; startedBy: OwnedJob["startedBy"] } | undefined {
  if (job.in !== undefined) return { service: job.in, startedBy: "schedule" };
  if (job.calls !== undefined) return { service: job.calls, startedBy: "call" };
  const service = job.by === "app" ? appServiceOf(spec, job) : undefined;
  return service === undefined ? undefined : { service, startedBy: "app" };
}
