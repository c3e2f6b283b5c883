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
      bucket: z.optional(Buckets),
      path: z.optional(z.string().check(z.regex(/^\//))),
      url: z.optional(z.string()),
      urlEnv: z.optional(EnvName),
      tokenEnv: z.optional(EnvName),
      timeoutSeconds: z.optional(Seconds),
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
