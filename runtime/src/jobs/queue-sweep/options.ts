import * as z from "zod/mini";
import { described } from "../../contract/field.ts";
import { type CatalogJob, Positive, Text, redisUrlOption } from "../job.ts";

/** What specs and manifests may say of a `queue-sweep` job. */
export const queueSweepJob = {
  description:
    "Gives entries of a Redis list back whose worker did not finish them in time (visibility timeout). Nothing runs it unless a stack declares it, and a stack whose app does it by itself may not.",
  get options() {
    return z.strictObject({
      queue: described(
        z.optional(Text),
        "Key of the list in which entries wait; jobs without it.",
        "jobs",
      ),
      processing: described(
        z.optional(Text),
        "Key of the list to which a worker moves an entry while it works on it; <queue>:processing without it.",
        "jobs:processing",
      ),
      claims: described(
        z.optional(Text),
        "Key of the hash in which a worker notes the entry by the id of its claim; <queue>:claims without it.",
        "jobs:claims",
      ),
      visibility: described(
        z.optional(Text),
        "Key of the sorted set with the ids of the claims by the time at which each runs out, in seconds since 1970; <queue>:visibility without it.",
        "jobs:visibility",
      ),
      visibilitySeconds: described(
        z.optional(Positive),
        "How long an entry may be worked on when its worker noted no claim, in seconds from when the sweep first saw it; 300 without it.",
        300,
      ),
      urlEnv: redisUrlOption(),
    });
  },
} as const satisfies CatalogJob;
