import { type Command, stackOptions } from "./command.ts";
import { reportOutcome } from "./outcome.ts";

/** What was changed behind the program's back. Only looks, unless told to save. */
export const refresh: Command = {
  name: "refresh",
  takesStack: true,
  usage: "<stack> [--local] [--json] [--save] [--expect-no-changes]",
  summary: "Show what was changed elsewhere; --save takes it into the state.",
  options: {
    ...stackOptions,
    save: { type: "boolean" },
    "expect-no-changes": { type: "boolean" },
  },
  run: (invocation) =>
    reportOutcome(refresh, invocation, ({ stack }, options) =>
      invocation.flags["save"] ? stack.refresh(options) : stack.previewRefresh(options),
    ),
};
