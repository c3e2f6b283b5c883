import * as z from "zod/mini";
import { EnvName, Seconds } from "../../contract/field.ts";
import { type CatalogJob, Text } from "../job.ts";

/** One cache, several, or `all`. */
const Buckets = z.union([Text, z.array(Text).check(z.minLength(1))]);

/** What specs and manifests may say of a `cache-refresh` job. */
export const cacheRefreshJob = {
  description:
    "Refreshes caches of the runtime, or asks the app to refresh its own; what cannot be read keeps its old value.",
  get options() {
    return z.strictObject({
      bucket: z.optional(Buckets).check(
        z.meta({
          description: "The caches, by name, or all of them; all without it.",
          examples: ["clans", ["clans", "templates"], "all"],
        }),
      ),
      path: z.optional(z.string().check(z.regex(/^\//))).check(
        z.meta({
          description:
            "With caches of the app's own: the path of the app that refreshes one on POST. {bucket} in it is the cache's name; the body says {bucket, trigger, actor}.",
          examples: ["/internal/caches/{bucket}/refresh"],
        }),
      ),
      url: z
        .optional(z.string())
        .check(z.meta({ description: "The same elsewhere: its whole URL, instead of path." })),
      urlEnv: z
        .optional(EnvName)
        .check(z.meta({ description: "Variable with that URL, instead of url." })),
      tokenEnv: z
        .optional(EnvName)
        .check(z.meta({ description: "Variable with a token that is sent as a Bearer." })),
      timeoutSeconds: z
        .optional(Seconds)
        .check(z.meta({ description: "Longest time for one answer of the app; 60 s without it." })),
    });
  },
  get input() {
    return z.strictObject({
      bucket: z.optional(Buckets).check(
        z.meta({
          description: "The caches of this run, by name, or all; those of the options without it.",
          examples: ["clans", "all"],
        }),
      ),
    });
  },
} as const satisfies CatalogJob;
