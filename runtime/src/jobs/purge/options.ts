import * as z from "zod/mini";
import { described, EnvName } from "../../contract/field.ts";
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
      tables: described(
        z.array(purgeTable()).check(z.minLength(1)),
        "Tables in the order in which to purge them: children before parents.",
        ["job_runs", { table: "audit.events", column: "happened_at" }],
      ),
      column: described(
        z.optional(Text),
        "Column with the age of a row, of a date or timestamp type. A type without a zone is in UTC. Default: created_at.",
        "created_at",
      ),
      retentionDays: described(
        Positive.check(z.maximum(RETENTION_DAYS_MAX)),
        "Maximum age of a row in days. A row of exactly this age stays. There is no default. An empty variable is refused even if the option has a default.",
        90,
      ),
      batch: described(
        z.optional(Positive.check(z.maximum(BATCH_MAX))),
        "Maximum number of rows in one transaction. Default: 1000.",
        1000,
      ),
      urlEnv: described(
        z.optional(EnvName),
        "Environment variable with the URL of the Postgres. Default: DATABASE_URL.",
        "DATABASE_URL",
      ),
    });
  },
  neverEmpty: ["retentionDays"],
} as const satisfies CatalogJob;

function purgeTable() {
  return z.union([
    Text,
    z.strictObject({
      table: described(
        Text,
        "Table, with its schema if that is not on the search path. Names are case-sensitive. Put a part with a dot in double quotes.",
      ),
      column: described(
        z.optional(Text),
        "Column of this table with the age of a row. Default: column.",
      ),
    }),
  ]);
}

export type PurgeTable = z.infer<ReturnType<typeof purgeTable>>;
