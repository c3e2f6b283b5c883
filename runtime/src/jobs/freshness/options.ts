import * as z from "zod/mini";
import { EnvName, Seconds } from "../../contract/field.ts";
import { type CatalogJob, Positive, Text } from "../job.ts";

/** The job `freshness`. */
export const freshnessJob = {
  description:
    "Compares the commits of the backend and the frontend with the main branch, and checks the age of the last runs of jobs.",
  get options() {
    return z.strictObject({
      backend: reportUrl(),
      frontend: z.optional(reportUrl()),
      main: z.optional(z.strictObject({ ...reportUrl().shape, commitEnv: z.optional(EnvName) })),
      jobs: z.optional(z.array(z.strictObject({ job: Text, withinSeconds: Seconds }))),
      jobsFrom: z.optional(reportUrl()),
      repeatSeconds: z.optional(Positive),
      timeoutSeconds: z.optional(Seconds),
    });
  },
  needsMemory: true,
} as const satisfies CatalogJob;

/** URL that reports a commit or the runs of jobs. */
function reportUrl() {
  return z.strictObject({
    url: z.optional(Text),
    urlEnv: z.optional(EnvName),
    /** Variable with a token, sent as a Bearer token, or as it is in `header`. */
    tokenEnv: z.optional(EnvName),
    header: z.optional(Text),
    /** Field of the JSON with the commit, such as `object.sha`. */
    field: z.optional(Text),
  });
}

export type FreshnessOptions = z.infer<typeof freshnessJob.options>;
