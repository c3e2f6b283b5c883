import * as z from "zod/mini";
import { described } from "../../contract/field.ts";
import { type CatalogJob, FilePath, Positive } from "../job.ts";
import { urlOptions } from "../http/options.ts";

/** What specs and manifests may say of a `metrics-snapshot` job. */
export const metricsSnapshotJob = {
  description:
    "Asks a metrics path for its JSON or Prometheus text and keeps what it says, in a file a day or in the run's record.",
  get options() {
    return z.strictObject({
      ...urlOptions,
      directory: described(
        z.optional(FilePath),
        "Where the files are kept, one a day with a line a snapshot; without it a snapshot is in its run's record.",
        "metrics",
      ),
      keepDays: described(
        z.optional(Positive),
        "How many of the newest files stay; 30 without it.",
        90,
      ),
    });
  },
  diskOptions: ["directory"],
} as const satisfies CatalogJob;
