import { type Command, overlayOption, stackOptions } from "./command.ts";
import { reportOutcome } from "./outcome.ts";

/** What an up would change. Asks no vendor anything. */
export const preview: Command = {
  name: "preview",
  takesStack: true,
  usage: "<stack> [--overlay NAME] [--local] [--json] [--expect-no-changes]",
  summary: "Show what an up would change.",
  options: { ...stackOptions, ...overlayOption, "expect-no-changes": { type: "boolean" } },
  run: (invocation) =>
    reportOutcome(preview, invocation, ({ stack }, options) => stack.preview(options)),
};
