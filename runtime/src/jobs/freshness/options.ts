import * as z from "zod/mini";
import { described, EnvName, Seconds } from "../../contract/field.ts";
import { type CatalogJob, FilePath, Positive, Text } from "../job.ts";

/** Where something tells which commit it is. */
const Place = z.strictObject({
  url: z.optional(Text),
  urlEnv: z.optional(EnvName),
  /** Variable with a token, sent as a Bearer, or alone in `header`. */
  tokenEnv: z.optional(EnvName),
  header: z.optional(Text),
  /** Where the commit stands in the JSON, such as `object.sha`. */
  field: z.optional(Text),
});

/** The commit that should run: somewhere to ask, or a variable that says it. */
const Main = z.strictObject({ ...Place.shape, commitEnv: z.optional(EnvName) });

/** A job whose last good run must not be older. */
const FreshJob = z.strictObject({ job: Text, withinSeconds: Seconds });

export type FreshnessPlace = z.infer<typeof Place>;
export type MainPlace = z.infer<typeof Main>;
export type FreshJob = z.infer<typeof FreshJob>;

/** What specs and manifests may say of a `freshness` job. */
export const freshnessJob = {
  description:
    "Compares the commits that the backend and the frontend run with the main branch's, and looks how old the last runs of jobs are.",
  get options() {
    return z.strictObject({
      backend: described(
        Place,
        "Where the backend tells its commit: {url or urlEnv, tokenEnv, header, field}. field is git_sha, sha or commit without it.",
        {
          url: "https://api.example.com/ops/verify",
          tokenEnv: "OPS_VERIFY_TOKEN",
          header: "x-ops-token",
        },
      ),
      frontend: described(
        z.optional(Place),
        "Where the frontend tells its commit, as backend; no frontend without it.",
        { url: "https://www.example.com/api/version" },
      ),
      main: described(
        z.optional(Main),
        "Where the commit of the main branch is told, or commitEnv: the variable that says it. Without it the two are only compared with each other.",
        {
          url: "https://api.github.com/repos/example/app/commits/main",
          tokenEnv: "GITHUB_TOKEN",
        },
      ),
      jobs: described(
        z.optional(z.array(FreshJob)),
        "Jobs, each with the most seconds since its last good run; none without it.",
        [{ job: "apisports_refresh", withinSeconds: 25_200 }],
      ),
      jobsFrom: described(
        z.optional(Place),
        "Where the runs of these jobs are told as /ops/jobs does; the records of this process without it.",
        { url: "https://api.example.com/ops/jobs" },
      ),
      repeatSeconds: described(
        z.optional(Positive),
        "What is still wrong is told again after so long; 3600 s without it.",
      ),
      timeoutSeconds: described(
        z.optional(Seconds),
        "Longest time for one answer; 15 s without it.",
      ),
      state: described(
        z.optional(FilePath),
        "File with what was told last; freshness-<job>.json without it.",
      ),
    });
  },
  needsDisk: true,
} as const satisfies CatalogJob;
