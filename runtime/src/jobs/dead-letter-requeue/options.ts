import * as z from "zod/mini";
import type { CatalogJob } from "../catalog-job.ts";
import { Positive } from "../option-kind.ts";

/** What specs and manifests may say of a `dead-letter-requeue` job. */
export const deadLetterRequeueJob = {
  description: "Puts entries of a dead-letter list back into their queue.",
  options: z.strictObject({
    queue: z.optional(z.string()),
    to: z.optional(z.string()),
    max: z.optional(Positive),
  }),
} as const satisfies CatalogJob;
