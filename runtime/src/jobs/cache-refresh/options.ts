import * as z from "zod/mini";
import { described, EnvName, Seconds } from "../../contract/field.ts";
import { type CatalogJob, Text } from "../job.ts";

/** The job `cache-refresh`. */
export const cacheRefreshJob = {
  description:
    "Refreshes caches of the runtime, or asks the app to refresh its own. A cache that cannot be read keeps its old value.",
  get options() {
    const Buckets = bucketsSchema();
    return z.strictObject({
      bucket: described(
        z.optional(Buckets),
        "Name of the cache, a list of names, or all. Default: all.",
        "clans",
        ["clans", "templates"],
        "all",
      ),
      path: described(
        z.optional(z.string().check(z.regex(/^\//))),
        "For caches of the app: path of the app that refreshes one on POST. {bucket} stands for the cache's name. The body is {bucket, trigger, actor}.",
        "/internal/caches/{bucket}/refresh",
      ),
      url: described(z.optional(z.string()), "Whole URL to use instead of path."),
      urlEnv: described(z.optional(EnvName), "Environment variable with the URL."),
      tokenEnv: described(
        z.optional(EnvName),
        "Environment variable with a token to send as a Bearer token.",
      ),
      timeoutSeconds: described(
        z.optional(Seconds),
        "Time limit of one request to the app, in seconds. Default: 60.",
      ),
    });
  },
  get input() {
    return z.strictObject({
      bucket: described(
        z.optional(bucketsSchema()),
        "Caches of this run: a name, a list of names, or all. Default: those of the options.",
        "clans",
        "all",
      ),
    });
  },
} as const satisfies CatalogJob;

function bucketsSchema() {
  return z.union([Text, z.array(Text).check(z.minLength(1))]);
}
