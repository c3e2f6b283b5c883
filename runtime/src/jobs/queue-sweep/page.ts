import type { JobPage } from "../job.ts";

/** The reference page of `queue-sweep`. */
export const queueSweepPage: JobPage = {
  alsoKnownAs: ["Stuck job sweep", "visibility requeue"],
  does: [
    "Reads the list of entries in processing, the hash of claims and the sorted set of their expiry times.",
    "Returns an entry with an expired claim to the tail of its queue and deletes the claim.",
    "Deletes an expired claim whose entry is already finished.",
    "Writes a claim for an entry that has none, because its worker ended between taking it and writing the claim.",
    "Is refused in a stack whose app sweeps the same queue, which the stack declares with uses: queue-sweep and by: app.",
  ],
  artifacts: { record: "details {queue, requeued, finished, unclaimed}" },
  exits: {
    "0 ok": "The queue is swept, or there was nothing to sweep.",
    "1 failed": "A key has another type.",
    "75 failed": "Redis does not respond.",
    "78 failed": "An option is invalid, or the URL is not set.",
  },
  dryRun: "Reports what it would return, delete and claim, and changes nothing.",
  example: `queue-sweep:
  uses: queue-sweep
  schedule: { every: 5m }
  in: worker
  options: { queue: jobs, visibilitySeconds: { env: JOB_VISIBILITY_TIMEOUT_SECONDS, default: 300 } }
`,
};
