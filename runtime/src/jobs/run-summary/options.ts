import * as z from "zod/mini";
import { described } from "../../contract/field.ts";
import { type CatalogJob, Positive, Text } from "../job.ts";

/** What specs and manifests may say of a `run-summary` job. */
export const runSummaryJob = {
  description: "Sums up the runs of every job: how many, how many were good, how long they took.",
  get options() {
    return z.strictObject({
      hours: described(
        z.optional(Positive),
        "Runs of so many hours back are counted; 24 without it.",
      ),
      jobs: described(
        z.optional(z.array(Text)),
        "Jobs that are summed up; all of the process without it.",
      ),
    });
  },
} as const satisfies CatalogJob;
