import type { JobSpec } from "../spec/job.ts";
import type { Reference } from "../spec/reference.ts";

/** Which store holds a lock, and how a process refers to it. */
export function lockStore(
  lock: NonNullable<JobSpec["lock"]>,
): { store: "postgres" | "redis"; reference: Reference } | undefined {
  if (lock.database !== undefined) {
    return { store: "postgres", reference: { database: lock.database } };
  }
  if (lock.keyValue === undefined) return undefined;
  return { store: "redis", reference: { keyValue: lock.keyValue } };
}
