import * as z from "zod/mini";
import { described, EnvName, Seconds } from "../../contract/field.ts";
import { type CatalogJob, Positive, Text } from "../job.ts";

/** The job `freshness`. */
export const freshnessJob = {
  description:
    "Compares the commits of the backend and the frontend with the main branch, and checks the age of the last runs of jobs.",
  get options() {
    return z.strictObject({
      backend: described(
        reportUrl(),
        "URL that reports the backend's commit: {url or urlEnv, tokenEnv, header, field}. Default of field: git_sha, sha or commit.",
        {
          url: "https://api.example.com/ops/verify",
          tokenEnv: "OPS_VERIFY_TOKEN",
          header: "x-ops-token",
        },
      ),
      frontend: described(
        z.optional(reportUrl()),
        "URL that reports the frontend's commit, like backend. Default: there is no frontend.",
        { url: "https://www.example.com/api/version" },
      ),
      main: described(
        z.optional(z.strictObject({ ...reportUrl().shape, commitEnv: z.optional(EnvName) })),
        "URL that reports the commit of the main branch, or commitEnv: the variable with it. Without it the job only compares backend and frontend.",
        {
          url: "https://api.github.com/repos/example/app/commits/main",
          tokenEnv: "GITHUB_TOKEN",
        },
      ),
      jobs: described(
        z.optional(z.array(z.strictObject({ job: Text, withinSeconds: Seconds }))),
        "Jobs, each with the maximum age of its last good run in seconds. Default: none.",
        [{ job: "apisports_refresh", withinSeconds: 25_200 }],
      ),
      jobsFrom: described(
        z.optional(reportUrl()),
        "URL that reports the runs of these jobs as /ops/jobs does. Default: the run records of this process.",
        { url: "https://api.example.com/ops/jobs" },
      ),
      repeatSeconds: described(
        z.optional(Positive),
        "Time between reminders while something is wrong, in seconds. Default: 3600.",
      ),
      timeoutSeconds: described(
        z.optional(Seconds),
        "Time limit of one request, in seconds. Default: 15.",
      ),
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
