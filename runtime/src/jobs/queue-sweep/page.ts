import type { JobPage } from "../job.ts";

/** What the reference says of it. */
export const queueSweepPage: JobPage = {
  alsoKnownAs: ["Stuck job sweep", "visibility requeue"],
  does: [
    "Reads the list of entries that are worked on, the hash of claims and the sorted set of the times at which they run out.",
    "Gives an entry whose claim ran out back to the tail of its queue, and drops the claim.",
    "Drops a claim that ran out when its entry is finished already.",
    "Gives an entry without a claim a time of its own: its worker ended between taking it and noting that.",
    "Is refused in a stack whose app sweeps the same queue by itself, which that says with uses: queue-sweep and by: app.",
  ],
  artifacts: { record: "details {queue, requeued, finished, unclaimed}" },
  exits: {
    "0 ok": "Swept, or nothing to sweep.",
    "1 failed": "A key holds another type.",
    "75 failed": "Redis is away.",
    "78 failed": "An option is wrong, or the URL is not set.",
  },
  dryRun: "Says what it would give back, drop and note, and changes nothing.",
  example: `queue-sweep:
  uses: queue-sweep
  schedule: { every: 5m }
  in: worker
  options: { queue: jobs, visibilitySeconds: { env: JOB_VISIBILITY_TIMEOUT_SECONDS, default: 300 } }
`,
};
