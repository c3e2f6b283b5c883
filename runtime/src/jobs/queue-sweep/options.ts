import * as z from "zod/mini";
import type { CatalogJob } from "../catalog-job.ts";
import { Positive } from "../option-kind.ts";

/** What specs and manifests may say of a `queue-sweep` job. */
export const queueSweepJob = {
  description: "Gives jobs back whose worker did not finish them in time.",
  options: z.strictObject({
    queue: z.optional(z.string()),
    visibilitySeconds: z.optional(Positive),
  }),
} as const satisfies CatalogJob;
