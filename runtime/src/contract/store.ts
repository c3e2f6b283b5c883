import * as z from "zod/mini";
import { EnvName } from "./field.ts";

/** Where the records of runs are kept, so that they outlive the process. */
const RecordStore = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("file"), path: z.string() }),
  z.strictObject({ kind: z.literal("sqlite"), path: z.string() }),
  z.strictObject({ kind: z.literal("postgres"), urlEnv: EnvName }),
  z.strictObject({ kind: z.literal("redis"), urlEnv: EnvName }),
]);

/** Where several processes agree which of them runs a slot. */
const CoordinationStore = z.discriminatedUnion("kind", [
  /** A directory on the disk of the one instance. */
  z.strictObject({ kind: z.literal("file"), path: z.string() }),
  z.strictObject({ kind: z.literal("postgres"), urlEnv: EnvName }),
  z.strictObject({ kind: z.literal("redis"), urlEnv: EnvName }),
]);

/**
 * A file of the app's own that gets one line a run, `{ts, job, status, details}`, for a page of the
 * app that reads it and may know the jobs by other names.
 */
const History = z.strictObject({
  path: z.string(),
  /** The file's name of a job, by the spec's. */
  names: z.optional(z.record(z.string(), z.string())),
});

/** What a process remembers, and where. */
export const ManifestStores = z.strictObject({
  records: z.optional(RecordStore),
  /** Most records of one job that are kept; 500 without it. */
  keepRecords: z.optional(z.int().check(z.minimum(1))),
  coordination: z.optional(CoordinationStore),
  history: z.optional(History),
});

export type ManifestStores = z.infer<typeof ManifestStores>;
