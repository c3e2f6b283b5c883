import type { JobSpec } from "../spec/job.ts";
import type { DeepPartial, PartialStackSpec } from "../spec/stack.ts";
import { DEFAULT_REGION } from "./defaults.ts";

/** The region of a resource: its own, otherwise the stack's, otherwise Render's default. */
export function regionOf(
  spec: PartialStackSpec,
  part: { readonly region?: string | undefined } | undefined,
): string {
  return part?.region ?? spec.render?.region ?? DEFAULT_REGION;
}

/**
 * The region of a cron job. One that calls a service must be in its region, because the private
 * network ends there.
 */
export function cronRegionOf(spec: PartialStackSpec, job: DeepPartial<JobSpec>): string {
  return regionOf(spec, spec.services?.[job.calls ?? job.like ?? ""]);
}
