import * as z from "zod/mini";
import type { CatalogJob } from "../catalog-job.ts";
import { Positive, Text } from "../option-kind.ts";

/** What specs and manifests may say of a `purge` job. */
export const purgeJob = {
  description: "Deletes old rows from Postgres, in batches.",
  options: z.strictObject({
    tables: z.array(Text).check(z.minLength(1)),
    column: z.optional(z.string()),
    retentionDays: Positive,
    batch: z.optional(Positive),
  }),
} as const satisfies CatalogJob;
