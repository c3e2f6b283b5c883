import type { Problem } from "../../errors.ts";
import type { PartialStackSpec } from "../../spec/stack.ts";
import { entriesOf } from "../entries.ts";

/** Requires a lease store for several instances, so that each slot runs once. */
export function validateCoordination(spec: PartialStackSpec): Problem[] {
  if ((spec.environment ?? "production") !== "production") return [];
  return entriesOf(spec.services).flatMap(([key, { instances, autoscale, stores }]) => {
    const isMany = (instances ?? 1) > 1 || autoscale !== undefined;
    if (!isMany || (stores?.coordination ?? spec.stores?.coordination) !== undefined) return [];
    const jobs = entriesOf(spec.jobs)
      .filter(([, job]) => job.in === key && job.lock === undefined && runsByItself(job.schedule))
      .map(([name]) => name);
    if (jobs.length === 0) return [];
    return [
      {
        path: `services/${key}/stores/coordination`,
        message: `is missing: each of its instances would run ${jobs.join(", ")}.`,
        remedy: "Set it to { database: … } or { keyValue: … }, or use one instance.",
      },
    ];
  });
}

function runsByItself(schedule: object | undefined): boolean {
  return schedule !== undefined && !("manual" in schedule);
}
