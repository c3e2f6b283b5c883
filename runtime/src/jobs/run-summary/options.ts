import * as z from "zod/mini";
import { type CatalogJob, Positive, Text } from "../job.ts";

/** What specs and manifests may say of a `run-summary` job. */
export const runSummaryJob = {
  description: "Sums up the runs of every job: how many, how many were good, how long they took.",
  get options() {
    return z.strictObject({
      hours: z
        .optional(Positive)
        .check(z.meta({ description: "Runs of so many hours back are counted; 24 without it." })),
      jobs: z
        .optional(z.array(Text))
        .check(z.meta({ description: "Jobs that are summed up; all of the process without it." })),
    });
  },
} as const satisfies CatalogJob;
