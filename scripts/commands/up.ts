import { clearPendingCreates } from "../workspace/pending-creates.ts";
import { type Command, overlayOption, say, stackOptions } from "./command.ts";
import { reportOutcome } from "./outcome.ts";

/** Makes the cloud what the spec says. Looks first at what is really there. */
export const up: Command = {
  name: "up",
  takesStack: true,
  usage: "<stack> [--overlay NAME] [--local] [--json] [--no-refresh]",
  summary: "Make it so: refresh, then deploy.",
  options: { ...stackOptions, ...overlayOption, "no-refresh": { type: "boolean" } },
  run: (invocation) =>
    reportOutcome(up, invocation, async ({ stack }, options) => {
      await stack.up({ ...options, refresh: !invocation.flags["no-refresh"] });
      await clearPendingCreates(stack, say);
    }),
};
