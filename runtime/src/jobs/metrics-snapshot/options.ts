import * as z from "zod/mini";
import { type CatalogJob, FilePath, Positive, urlOptions } from "../job.ts";

/** The job `metrics-snapshot`. */
export const metricsSnapshotJob = {
  description:
    "Reads JSON or Prometheus text from a metrics URL and keeps the values, in a file for each day or in the run record.",
  get options() {
    return z.strictObject({
      ...urlOptions(),
      directory: z.optional(FilePath),
      keepDays: z.optional(Positive),
    });
  },
  diskOptions: ["directory"],
} as const satisfies CatalogJob;
