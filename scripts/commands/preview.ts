import { planChanges } from "../workspace/plan.ts";
import { type Command, overlayOption, stackOptions } from "./command.ts";
import { reportOutcome } from "./outcome.ts";

/** Shows what `up` would change or refuse. Makes no API call to a vendor. */
export const preview: Command = {
  name: "preview",
  takesStack: true,
  usage: "<stack> [--overlay NAME] [--local] [--json] [--expect-no-changes]",
  summary: "Show what up would change.",
  options: { ...stackOptions, ...overlayOption, "expect-no-changes": { type: "boolean" } },
  run: (invocation) =>
    reportOutcome(preview, invocation, {
      changes: false,
      run: ({ stack }, log) => planChanges(stack, log),
    }),
};
