import type { JobPage } from "../job.ts";

/** What the reference says of it. */
export const deadLetterRequeuePage: JobPage = {
  alsoKnownAs: ["inspect jobs:dead and requeue manually", "requeue-dead-letter"],
  does: [
    "Looks how many dead entries there are; only so many are moved, so one that fails again is not moved twice.",
    "Moves them to the tail of their queue as they are, oldest first, some at a time.",
    "An entry leaves one queue and enters the other in the same step: a run that is killed loses and doubles none.",
  ],
  artifacts: { record: "details {queue, to, length, moved, left}" },
  exits: {
    "0 ok": "Moved, or nothing to move.",
    "1 failed": "A key holds another type, or the two keys hold two types.",
    "75 failed": "Redis is away.",
    "78 failed": "An option or the input is wrong, or the URL is not set.",
  },
  dryRun: "Says how many it would move, and moves none.",
  example: `requeue-dead-letter:
  uses: dead-letter-requeue
  schedule: { manual: true }
  in: web
  options: { queue: "jobs:dead", to: jobs }
  alerts: { on: [fail] }
`,
};
