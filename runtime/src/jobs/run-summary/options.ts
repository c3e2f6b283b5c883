import * as z from "zod/mini";
import { type CatalogJob, Positive, Text } from "../job.ts";

/** The job `run-summary`. */
export const runSummaryJob = {
  description: "Summarizes the runs of every job: number, success rate and duration.",
  get options() {
    return z.strictObject({
      hours: z.optional(Positive),
      jobs: z.optional(z.array(Text)),
    });
  },
} as const satisfies CatalogJob;
