import * as z from "zod/mini";
import { described } from "../../contract/field.ts";
import { type CatalogJob, Positive, Text, redisUrlOption } from "../job.ts";

/** The job `dead-letter-requeue`. */
export const deadLetterRequeueJob = {
  description:
    "Moves entries of a dead-letter list or stream in Redis back to their queue, oldest first.",
  get options() {
    return z.strictObject({
      queue: z.optional(Text),
      to: z.optional(Text),
      max: z.optional(Positive),
      urlEnv: redisUrlOption(),
    });
  },
  get input() {
    return z.strictObject({
      max: described(
        z.optional(Positive),
        "Maximum number of entries in this run. Overrides the option.",
        10,
      ),
    });
  },
} as const satisfies CatalogJob;
