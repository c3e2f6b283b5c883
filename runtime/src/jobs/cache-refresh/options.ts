import * as z from "zod/mini";
import { described, EnvName, Seconds } from "../../contract/field.ts";
import { type CatalogJob, Text } from "../job.ts";

/** One cache, several, or `all`. */
const Buckets = z.union([Text, z.array(Text).check(z.minLength(1))]);

/** What specs and manifests may say of a `cache-refresh` job. */
export const cacheRefreshJob = {
  description:
    "Refreshes caches of the runtime, or asks the app to refresh its own; what cannot be read keeps its old value.",
  get options() {
    return z.strictObject({
      bucket: described(
        z.optional(Buckets),
        "The caches, by name, or all of them; all without it.",
        "clans",
        ["clans", "templates"],
        "all",
      ),
      path: described(
        z.optional(z.string().check(z.regex(/^\//))),
        "With caches of the app's own: the path of the app that refreshes one on POST. {bucket} in it is the cache's name; the body says {bucket, trigger, actor}.",
        "/internal/caches/{bucket}/refresh",
      ),
      url: described(z.optional(z.string()), "The same elsewhere: its whole URL, instead of path."),
      urlEnv: described(z.optional(EnvName), "Variable with that URL, instead of url."),
      tokenEnv: described(z.optional(EnvName), "Variable with a token that is sent as a Bearer."),
      timeoutSeconds: described(
        z.optional(Seconds),
        "Longest time for one answer of the app; 60 s without it.",
      ),
    });
  },
  get input() {
    return z.strictObject({
      bucket: described(
        z.optional(Buckets),
        "The caches of this run, by name, or all; those of the options without it.",
        "clans",
        "all",
      ),
    });
  },
} as const satisfies CatalogJob;
