import * as z from "zod/mini";
import type { CatalogJob } from "../catalog-job.ts";
import { Count } from "../option-kind.ts";

/** What specs and manifests may say of a `dead-letter-trim` job. */
export const deadLetterTrimJob = {
  description: "Keeps the newest entries of a dead-letter list in Redis.",
  options: z.strictObject({
    queue: z.optional(z.string()),
    keep: z.optional(Count),
    dryRun: z.optional(z.boolean()),
  }),
} as const satisfies CatalogJob;
