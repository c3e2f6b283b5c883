import * as z from "zod/mini";
import { type CatalogJob, Positive, Text, redisUrlOption } from "../job.ts";

/** The job `queue-sweep`. */
export const queueSweepJob = {
  description:
    "Returns entries of a Redis list that a worker did not finish within the visibility timeout. A stack must declare it, and must not if its app sweeps the queue itself.",
  get options() {
    return z.strictObject({
      queue: z.optional(Text),
      processing: z.optional(Text),
      claims: z.optional(Text),
      visibility: z.optional(Text),
      visibilitySeconds: z.optional(Positive),
      urlEnv: redisUrlOption(),
    });
  },
} as const satisfies CatalogJob;
