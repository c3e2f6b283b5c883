import * as z from "zod/mini";
import { described } from "../../contract/field.ts";
import { type CatalogJob, Positive, Text, redisUrlOption } from "../job.ts";

/** The job `queue-sweep`. */
export const queueSweepJob = {
  description:
    "Returns entries of a Redis list that a worker did not finish within the visibility timeout. A stack must declare it, and must not if its app sweeps the queue itself.",
  get options() {
    return z.strictObject({
      queue: described(
        z.optional(Text),
        "Key of the list of waiting entries. Default: jobs.",
        "jobs",
      ),
      processing: described(
        z.optional(Text),
        "Key of the list to which a worker moves an entry while it works on it. Default: <queue>:processing.",
        "jobs:processing",
      ),
      claims: described(
        z.optional(Text),
        "Key of the hash of entries by the id of their claim. Default: <queue>:claims.",
        "jobs:claims",
      ),
      visibility: described(
        z.optional(Text),
        "Key of the sorted set of claim ids by their expiry, in seconds since 1970. Default: <queue>:visibility.",
        "jobs:visibility",
      ),
      visibilitySeconds: described(
        z.optional(Positive),
        "Time limit of an entry without a claim, in seconds from the first sweep that sees it. Default: 300.",
        300,
      ),
      urlEnv: redisUrlOption(),
    });
  },
} as const satisfies CatalogJob;
