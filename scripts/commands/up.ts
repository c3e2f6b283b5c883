import { deployChanges } from "../workspace/deploy.ts";
import { type Command, overlayOption, stackOptions } from "./command.ts";
import { reportOutcome } from "./outcome.ts";

/** Refreshes the state, then deploys the spec, unless any part of the plan is refused. */
export const up: Command = {
  name: "up",
  takesStack: true,
  usage: "<stack> [--overlay NAME] [--local] [--json] [--no-refresh]",
  summary: "Refresh, then deploy.",
  options: { ...stackOptions, ...overlayOption, "no-refresh": { type: "boolean" } },
  run: (invocation) =>
    reportOutcome(up, invocation, {
      changes: true,
      run: ({ stack }, log) =>
        deployChanges(stack, { refresh: !invocation.flags["no-refresh"] }, log),
    }),
};
