import * as z from "zod/mini";
import { EnvName } from "./field.ts";

const SqliteStore = z.strictObject({ kind: z.literal("sqlite"), path: z.string() });
const PostgresStore = z.strictObject({ kind: z.literal("postgres"), urlEnv: EnvName });
const RedisStore = z.strictObject({ kind: z.literal("redis"), urlEnv: EnvName });

/** Remedy for a store of an older version. */
const RECORDS_KINDS =
  "should be sqlite or postgres: run records are kept neither in Redis nor in a file of lines any more. Deploy the stack again with records: { sqlite: … } or { database: … }";
const COORDINATION_KINDS =
  "should be sqlite, postgres or redis: leases are not kept in a directory any more. Deploy the stack again with coordination: { sqlite: … }, { database: … } or { keyValue: … }";

/** Where run records, documents and alerts are kept, so that they outlive the process. */
const RecordStore = z.discriminatedUnion("kind", [SqliteStore, PostgresStore], {
  error: RECORDS_KINDS,
});

/** Where several processes agree which of them runs a slot. */
const CoordinationStore = z.discriminatedUnion("kind", [SqliteStore, PostgresStore, RedisStore], {
  error: COORDINATION_KINDS,
});

/**
 * A file of the app's own that gets one line a run, `{ts, job, status, details}`, for a page of the
 * app that reads it and may know the jobs by other names.
 */
const History = z.strictObject({
  path: z.string(),
  /** The file's name of a job, by the spec's. */
  names: z.optional(z.record(z.string(), z.string())),
});

/** The state store of a process. */
export const ManifestStores = z.strictObject({
  records: z.optional(RecordStore),
  /** Most records of one job that are kept; 500 without it. */
  keepRecords: z.optional(z.int().check(z.minimum(1))),
  coordination: z.optional(CoordinationStore),
  history: z.optional(History),
});

export type ManifestStores = z.infer<typeof ManifestStores>;

/**
 * The database of the state store: the one of the run records, else the one of the leases. Without
 * one, the state ends with the process.
 */
export function stateDatabase(
  stores: Pick<ManifestStores, "records" | "coordination"> | undefined,
): NonNullable<ManifestStores["records"]> | undefined {
  const { records, coordination } = stores ?? {};
  return records ?? (coordination?.kind === "redis" ? undefined : coordination);
}
