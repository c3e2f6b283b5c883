import type { JobPage } from "../job.ts";

/** The reference page of `dead-letter-trim`. */
export const deadLetterTrimPage: JobPage = {
  alsoKnownAs: ["make dead-letter-trim", "trim_dead_letter.py", "Dead-letter trim"],
  does: [
    "Reads the length of the list or stream. A missing key has the length 0. A key of another type is a failure.",
    "Removes the oldest entries, which are at the head, until only the newest are left. With keep 0 it removes all.",
    "Does both in one atomic step, so an entry that arrives at the same time is neither lost nor counted.",
  ],
  artifacts: { record: "details {queue, length, kept, trimmed}" },
  exits: {
    "0 ok": "The queue is trimmed, or there was nothing to trim.",
    "1 failed": "The key has another type.",
    "75 failed": "Redis does not respond.",
    "78 failed": "keep is not a number from 0, or the URL is not set.",
  },
  dryRun:
    "Reports what it would keep and trim, and removes nothing. The option dryRun does the same.",
  example: `dead-letter-trim:
  uses: dead-letter-trim
  schedule: { every: 1h }
  on: render
  options:
    queue: { env: JOB_DEAD_LETTER_QUEUE, default: "jobs:dead" }
    keep: { env: DEAD_LETTER_KEEP, default: 100 }
  env: { REDIS_URL: { keyValue: queue } }
`,
};
