import * as z from "zod/mini";
import { described } from "../../contract/field.ts";
import { type CatalogJob, Count, Text, redisUrlOption } from "../job.ts";

/** The job `dead-letter-trim`. */
export const deadLetterTrimJob = {
  description:
    "Keeps the newest entries of a dead-letter list or stream in Redis and removes the older ones.",
  get options() {
    return z.strictObject({
      queue: described(
        z.optional(Text),
        "Key of the list or stream. Default: jobs:dead.",
        "jobs:dead",
      ),
      keep: described(
        z.optional(Count),
        "Number of newest entries to keep. Default: 100. 0 empties the queue.",
        100,
      ),
      dryRun: described(
        z.optional(z.boolean()),
        "Report what would be removed, as a dry run does. Default: false.",
        true,
      ),
      urlEnv: redisUrlOption(),
    });
  },
} as const satisfies CatalogJob;
