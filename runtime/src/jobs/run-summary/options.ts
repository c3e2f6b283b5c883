import * as z from "zod/mini";
import { described } from "../../contract/field.ts";
import { type CatalogJob, Positive, Text } from "../job.ts";

/** The job `run-summary`. */
export const runSummaryJob = {
  description: "Summarizes the runs of every job: number, success rate and duration.",
  get options() {
    return z.strictObject({
      hours: described(z.optional(Positive), "Hours that the summary covers. Default: 24."),
      jobs: described(
        z.optional(z.array(Text)),
        "Jobs that the summary covers. Default: all jobs of the process.",
      ),
    });
  },
} as const satisfies CatalogJob;
