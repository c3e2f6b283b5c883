import * as z from "zod/mini";
import { described, EnvName } from "../../contract/field.ts";
import { type CatalogJob, Positive, Text } from "../job.ts";

/** A hundred years: Postgres has no moment that is a billion days ago. */
const RETENTION_DAYS_MAX = 36_500;

/** A batch is one transaction: more rows than this hold their locks for seconds. */
const BATCH_MAX = 100_000;

const PurgeTable = z.union([
  Text,
  z.strictObject({
    table: described(
      Text,
      "The table, with its schema where that is not on the search path; capitals count, and a part with a dot in it stands in double quotes.",
    ),
    column: described(
      z.optional(Text),
      "Its column with the age of a row, where it is another one.",
    ),
  }),
]);

/** What specs and manifests may say of a `purge` job. */
export const purgeJob = {
  description:
    "Deletes the rows of Postgres tables that are older than a number of days, in batches of one transaction each.",
  get options() {
    return z.strictObject({
      tables: described(
        z.array(PurgeTable).check(z.minLength(1)),
        "The tables in the order in which they are purged: children before parents.",
        ["job_runs", { table: "audit.events", column: "happened_at" }],
      ),
      column: described(
        z.optional(Text),
        "Column with the age of a row, of a date or timestamp type; created_at without it. One without a zone is in UTC.",
        "created_at",
      ),
      retentionDays: described(
        Positive.check(z.maximum(RETENTION_DAYS_MAX)),
        "Rows that are older than so many days are deleted; one that is exactly so old stays. There is no default: without a positive number nothing is deleted, and a variable that is set to nothing is refused whatever its default.",
        90,
      ),
      batch: described(
        z.optional(Positive.check(z.maximum(BATCH_MAX))),
        "Most rows of one transaction; 1000 without it.",
        1000,
      ),
      urlEnv: described(
        z.optional(EnvName),
        "Variable with the URL of the Postgres; DATABASE_URL without it.",
        "DATABASE_URL",
      ),
    });
  },
  neverEmpty: ["retentionDays"],
} as const satisfies CatalogJob;

export type PurgeTable = z.infer<typeof PurgeTable>;
