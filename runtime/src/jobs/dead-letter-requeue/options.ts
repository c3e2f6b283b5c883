import * as z from "zod/mini";
import { described } from "../../contract/field.ts";
import { type CatalogJob, Positive, Text, redisUrlOption } from "../job.ts";

/** The job `dead-letter-requeue`. */
export const deadLetterRequeueJob = {
  description:
    "Moves entries of a dead-letter list or stream in Redis back to their queue, oldest first.",
  get options() {
    return z.strictObject({
      queue: described(
        z.optional(Text),
        "Key of the list or stream with the dead entries. Default: jobs:dead.",
        "jobs:dead",
      ),
      to: described(
        z.optional(Text),
        "Key of the queue to which they return, at its tail. Default: jobs.",
        "jobs",
      ),
      max: described(
        z.optional(Positive),
        "Maximum number of entries in one run. Default: all that exist at its start.",
        50,
      ),
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
