import * as z from "zod/mini";
import { type CatalogJob, FilePath, Positive } from "../job.ts";
import { urlOptions } from "../http/options.ts";

/** What specs and manifests may say of a `metrics-snapshot` job. */
export const metricsSnapshotJob = {
  description:
    "Asks a metrics path for its JSON or Prometheus text and keeps what it says, in a file a day or in the run's record.",
  get options() {
    return z.strictObject({
      ...urlOptions,
      directory: z.optional(FilePath).check(
        z.meta({
          description:
            "Where the files are kept, one a day with a line a snapshot; without it a snapshot is in its run's record.",
          examples: ["metrics"],
        }),
      ),
      keepDays: z.optional(Positive).check(
        z.meta({
          description: "How many of the newest files stay; 30 without it.",
          examples: [90],
        }),
      ),
    });
  },
  diskOptions: ["directory"],
} as const satisfies CatalogJob;
