import * as z from "zod/mini";
import { type CatalogJob, Count, Text, redisUrlOption } from "../job.ts";

/** The job `dead-letter-trim`. */
export const deadLetterTrimJob = {
  description:
    "Keeps the newest entries of a dead-letter list or stream in Redis and removes the older ones.",
  get options() {
    return z.strictObject({
      queue: z.optional(Text),
      keep: z.optional(Count),
      dryRun: z.optional(z.boolean()),
      urlEnv: redisUrlOption(),
    });
  },
} as const satisfies CatalogJob;
