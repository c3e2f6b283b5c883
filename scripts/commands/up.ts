import { clearPendingCreates } from "../workspace/pending-creates.ts";
import { type Command, overlayOption, say, stackOptions } from "./command.ts";
import { reportOutcome } from "./outcome.ts";

/** Refreshes the state, then deploys the spec. */
export const up: Command = {
  name: "up",
  takesStack: true,
  usage: "<stack> [--overlay NAME] [--local] [--json] [--no-refresh]",
  summary: "Refresh, then deploy.",
  options: { ...stackOptions, ...overlayOption, "no-refresh": { type: "boolean" } },
  run: (invocation) =>
    reportOutcome(up, invocation, async ({ stack }, options) => {
      await stack.up({ ...options, refresh: !invocation.flags["no-refresh"] });
      await clearPendingCreates(stack, say);
    }),
};
