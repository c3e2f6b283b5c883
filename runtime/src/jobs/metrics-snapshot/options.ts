import * as z from "zod/mini";
import { described } from "../../contract/field.ts";
import { type CatalogJob, FilePath, Positive, urlOptions } from "../job.ts";

/** The job `metrics-snapshot`. */
export const metricsSnapshotJob = {
  description:
    "Reads JSON or Prometheus text from a metrics URL and keeps the values, in a file for each day or in the run record.",
  get options() {
    return z.strictObject({
      ...urlOptions(),
      directory: described(
        z.optional(FilePath),
        "Directory for the files, one for each day with one line for each snapshot. Default: the snapshot is in the run record.",
        "metrics",
      ),
      keepDays: described(z.optional(Positive), "Number of newest files to keep. Default: 30.", 90),
    });
  },
  diskOptions: ["directory"],
} as const satisfies CatalogJob;
