import * as z from "zod/mini";
import type { CatalogJob } from "../catalog-job.ts";
import { FilePath, Positive } from "../option-kind.ts";

/** What specs and manifests may say of a `alerts-flush` job. */
export const alertsFlushJob = {
  description: "Sends what changed in the alerts since the last time, by mail and webhook.",
  options: z.strictObject({
    samples: z.optional(Positive),
    state: z.optional(FilePath),
  }),
  needsDisk: true,
} as const satisfies CatalogJob;
