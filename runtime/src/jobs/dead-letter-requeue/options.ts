import * as z from "zod/mini";
import { described } from "../../contract/field.ts";
import { type CatalogJob, Positive, Text, redisUrlOption } from "../job.ts";

/** What specs and manifests may say of a `dead-letter-requeue` job. */
export const deadLetterRequeueJob = {
  description:
    "Moves entries of a dead-letter list or stream in Redis back into their queue, oldest first.",
  get options() {
    return z.strictObject({
      queue: described(
        z.optional(Text),
        "Key of the list or stream with the dead entries; jobs:dead without it.",
        "jobs:dead",
      ),
      to: described(
        z.optional(Text),
        "Key of the queue that gets them back, at its tail; jobs without it.",
        "jobs",
      ),
      max: described(
        z.optional(Positive),
        "Most entries that one run moves; all that are there at its start without it.",
        50,
      ),
      urlEnv: redisUrlOption(),
    });
  },
  get input() {
    return z.strictObject({
      max: described(
        z.optional(Positive),
        "Most entries that this run moves, instead of the option.",
        10,
      ),
    });
  },
} as const satisfies CatalogJob;
