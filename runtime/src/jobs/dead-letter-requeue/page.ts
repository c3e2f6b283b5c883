import type { JobPage } from "../job.ts";

/** The reference page of `dead-letter-requeue`. */
export const deadLetterRequeuePage: JobPage = {
  alsoKnownAs: ["inspect jobs:dead and requeue manually", "requeue-dead-letter"],
  does: [
    "Counts the dead entries and moves at most that many, so one that fails again is not moved twice.",
    "Moves them unchanged to the tail of their queue, oldest first, in batches.",
    "Moves each entry in one atomic step, so a run that is killed loses and duplicates none.",
  ],
  artifacts: { record: "details {queue, to, length, moved, left}" },
  exits: {
    "0 ok": "The entries are moved, or there was nothing to move.",
    "1 failed": "A key has another type, or the two keys have different types.",
    "75 failed": "Redis does not respond.",
    "78 failed": "An option or the input is invalid, or the URL is not set.",
  },
  dryRun: "Reports how many it would move, and moves none.",
  example: `requeue-dead-letter:
  uses: dead-letter-requeue
  schedule: { manual: true }
  in: web
  options: { queue: "jobs:dead", to: jobs }
  alerts: { on: [fail] }
`,
};
