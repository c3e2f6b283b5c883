import { commandExits } from "../command/page.ts";
import type { JobPage } from "../job.ts";

/** What the reference says of it. */
export const reconcilePage: JobPage = {
  alsoKnownAs: ["pnpm webhooks:reconcile", "Webhook reconcile"],
  does: [
    "Runs the app's command with the limit in OPSPEC_LIMIT, and in the app's own variable where that is named.",
    "Takes the last line that is a JSON object as the result, and every line into the log.",
    "A failed entry stands in the result; only a command that could not work at all fails the run.",
  ],
  artifacts: { record: "details {limit, result}", log: "a line for each line of the command" },
  exits: commandExits,
  dryRun: "Says what it would run and with which limit, and runs nothing.",
  example: `webhook-reconcile:
  uses: reconcile
  schedule: { manual: true }
  in: web
  deadline: 15m
  options: { command: "pnpm webhooks:reconcile", limit: 20, limitEnv: WEBHOOK_REPLAY_LIMIT }
`,
};
