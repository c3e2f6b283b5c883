import * as z from "zod/mini";
import { EnvName } from "../../contract/duration.ts";
import type { CatalogJob } from "../catalog-job.ts";
import { FilePath } from "../option-kind.ts";

/** What specs and manifests may say of a `metrics-snapshot` job. */
export const metricsSnapshotJob = {
  description: "Stores what a metrics path says.",
  options: z.strictObject({
    url: z.optional(z.string()),
    urlEnv: z.optional(EnvName),
    directory: z.optional(FilePath),
  }),
} as const satisfies CatalogJob;
