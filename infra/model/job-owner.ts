import type { JobSpec } from "../spec/job.ts";
import type { DeepPartial, PartialStackSpec } from "../spec/stack.ts";

/** The service whose app runs the job: the named one, or the only service. */
export function appServiceOf(
  spec: PartialStackSpec,
  job: DeepPartial<JobSpec>,
): string | undefined {
  if (job.of !== undefined) return job.of;
  const [only, ...others] = Object.keys(spec.services ?? {});
  return others.length === 0 ? only : undefined;
}

/** The VM whose timer starts the job: the named one, or the only VM. */
export function vmOfJob(spec: PartialStackSpec, job: DeepPartial<JobSpec>): string | undefined {
  if (job.vm !== undefined) return job.vm;
  const [only, ...others] = Object.keys(spec.vms ?? {});
  return others.length === 0 ? only : undefined;
}
