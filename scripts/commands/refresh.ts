import { carryOut } from "../workspace/operation.ts";
import { type Command, stackOptions } from "./command.ts";
import { reportOutcome } from "./outcome.ts";

/** Shows drift. Writes it into the state only with --save. */
export const refresh: Command = {
  name: "refresh",
  takesStack: true,
  usage: "<stack> [--local] [--json] [--save] [--expect-no-changes]",
  summary: "Show drift: what was changed elsewhere. --save writes it into the state.",
  options: {
    ...stackOptions,
    save: { type: "boolean" },
    "expect-no-changes": { type: "boolean" },
  },
  run: (invocation) =>
    reportOutcome(refresh, invocation, {
      changes: invocation.flags["save"] ?? false,
      run: ({ stack }, log) =>
        carryOut(
          (options) =>
            invocation.flags["save"] ? stack.refresh(options) : stack.previewRefresh(options),
          log,
        ),
    }),
};
