import type { JobPage } from "../job.ts";

/** What the reference says of it. */
export const deadLetterTrimPage: JobPage = {
  alsoKnownAs: ["make dead-letter-trim", "trim_dead_letter.py", "Dead-letter trim"],
  does: [
    "Looks how many entries the list or stream has; none is fine, and any other type fails.",
    "Removes the oldest, which are at the head, until only the newest stay; with keep 0 all of them.",
    "Both happen in one step, so an entry that arrives meanwhile is neither lost nor counted.",
  ],
  artifacts: { record: "details {queue, length, kept, trimmed}" },
  exits: {
    "0 ok": "Trimmed, or nothing to trim.",
    "1 failed": "The key holds another type.",
    "75 failed": "Redis is away.",
    "78 failed": "Keep is negative or no number, or the URL is not set.",
  },
  dryRun: "Says what it would keep and trim, and removes nothing; so does the option dryRun.",
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
