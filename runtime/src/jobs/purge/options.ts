import * as z from "zod/mini";
import { EnvName } from "../../contract/field.ts";
import { type CatalogJob, Positive, Text } from "../job.ts";

/** A hundred years. Postgres cannot represent a time a billion days ago. */
const RETENTION_DAYS_MAX = 36_500;

/** A batch is one transaction. More rows would hold their locks for seconds. */
const BATCH_MAX = 100_000;

/** The job `purge`. */
export const purgeJob = {
  description:
    "Deletes rows of Postgres tables that are older than a number of days, in batches of one transaction each.",
  get options() {
    return z.strictObject({
      tables: z.array(purgeTable()).check(z.minLength(1)),
      column: z.optional(Text),
      retentionDays: Positive.check(z.maximum(RETENTION_DAYS_MAX)),
      batch: z.optional(Positive.check(z.maximum(BATCH_MAX))),
      urlEnv: z.optional(EnvName),
    });
  },
  neverEmpty: ["retentionDays"],
} as const satisfies CatalogJob;

function purgeTable() {
  return z.union([
    Text,
    z.strictObject({
      table: Text,
      column: z.optional(Text),
    }),
  ]);
}

export type PurgeTable = z.infer<ReturnType<typeof purgeTable>>;
