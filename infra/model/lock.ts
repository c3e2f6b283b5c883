import type { EnvValueSpec } from "../spec/env.ts";
import type { JobSpec } from "../spec/job.ts";

/** Which store holds a lock, and how a process refers to it. */
export function lockStore(
  lock: NonNullable<JobSpec["lock"]>,
): { store: "postgres" | "redis"; reference: EnvValueSpec } | undefined {
  if (lock.database !== undefined) {
    return { store: "postgres", reference: { database: lock.database } };
  }
  if (lock.keyValue === undefined) return undefined;
  return { store: "redis", reference: { keyValue: lock.keyValue } };
}
