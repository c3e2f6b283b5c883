import * as z from "zod/mini";
import { type CatalogJob, Positive, Text, redisUrlOption } from "../job.ts";

/** What specs and manifests may say of a `dead-letter-requeue` job. */
export const deadLetterRequeueJob = {
  description:
    "Moves entries of a dead-letter list or stream in Redis back into their queue, oldest first.",
  get options() {
    return z.strictObject({
      queue: z.optional(Text).check(
        z.meta({
          description: "Key of the list or stream with the dead entries; jobs:dead without it.",
          examples: ["jobs:dead"],
        }),
      ),
      to: z.optional(Text).check(
        z.meta({
          description: "Key of the queue that gets them back, at its tail; jobs without it.",
          examples: ["jobs"],
        }),
      ),
      max: z.optional(Positive).check(
        z.meta({
          description:
            "Most entries that one run moves; all that are there at its start without it.",
          examples: [50],
        }),
      ),
      urlEnv: redisUrlOption(),
    });
  },
  get input() {
    return z.strictObject({
      max: z.optional(Positive).check(
        z.meta({
          description: "Most entries that this run moves, instead of the option.",
          examples: [10],
        }),
      ),
    });
  },
} as const satisfies CatalogJob;
