import * as z from "zod/mini";
import { type CatalogJob, Count, Text, redisUrlOption } from "../job.ts";

/** What specs and manifests may say of a `dead-letter-trim` job. */
export const deadLetterTrimJob = {
  description:
    "Keeps the newest entries of a dead-letter list or stream in Redis and removes the older ones.",
  get options() {
    return z.strictObject({
      queue: z.optional(Text).check(
        z.meta({
          description: "Key of the list or stream; jobs:dead without it.",
          examples: ["jobs:dead"],
        }),
      ),
      keep: z.optional(Count).check(
        z.meta({
          description: "How many of the newest entries stay; 100 without it, 0 empties the queue.",
          examples: [100],
        }),
      ),
      dryRun: z.optional(z.boolean()).check(
        z.meta({
          description: "Only say what would be removed, as a dry run does; false without it.",
          examples: [true],
        }),
      ),
      urlEnv: redisUrlOption(),
    });
  },
} as const satisfies CatalogJob;
