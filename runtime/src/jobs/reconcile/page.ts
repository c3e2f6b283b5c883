import { COMMAND_EXITS, type JobPage } from "../job.ts";

/** The reference page of `reconcile`. */
export const reconcilePage: JobPage = {
  alsoKnownAs: ["pnpm webhooks:reconcile", "Webhook reconcile"],
  does: [
    "Runs the app's command with the limit in OPSPEC_LIMIT, and in the app's own variable if limitEnv names it.",
    "Logs every line of output. The last line that is a JSON object is the result.",
    "Records failed entries in the result. The run fails only if the command could not work at all.",
  ],
  artifacts: { record: "details {limit, result}", log: "one line for each line of output" },
  exits: COMMAND_EXITS,
  dryRun: "Reports the command and the limit, and runs nothing.",
  example: `webhook-reconcile:
  uses: reconcile
  schedule: { manual: true }
  in: web
  deadline: 15m
  options: { command: "pnpm webhooks:reconcile", limit: 20, limitEnv: WEBHOOK_REPLAY_LIMIT }
`,
};
