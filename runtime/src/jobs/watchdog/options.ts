import * as z from "zod/mini";
import type { CatalogJob } from "../catalog-job.ts";
import { Count, Positive } from "../option-kind.ts";

/** What specs and manifests may say of a `watchdog` job. */
export const watchdogJob = {
  description: "Restarts what does not answer several times in a row.",
  options: z.strictObject({
    url: z.optional(z.string()),
    failures: z.optional(Positive),
    cooldownSeconds: z.optional(Count),
  }),
} as const satisfies CatalogJob;
