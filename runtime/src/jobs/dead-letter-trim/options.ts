import * as z from "zod/mini";
import { described } from "../../contract/field.ts";
import { type CatalogJob, Count, Text, redisUrlOption } from "../job.ts";

/** What specs and manifests may say of a `dead-letter-trim` job. */
export const deadLetterTrimJob = {
  description:
    "Keeps the newest entries of a dead-letter list or stream in Redis and removes the older ones.",
  get options() {
    return z.strictObject({
      queue: described(
        z.optional(Text),
        "Key of the list or stream; jobs:dead without it.",
        "jobs:dead",
      ),
      keep: described(
        z.optional(Count),
        "How many of the newest entries stay; 100 without it, 0 empties the queue.",
        100,
      ),
      dryRun: described(
        z.optional(z.boolean()),
        "Only say what would be removed, as a dry run does; false without it.",
        true,
      ),
      urlEnv: redisUrlOption(),
    });
  },
} as const satisfies CatalogJob;
