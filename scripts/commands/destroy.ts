import { type Command, stackOptions } from "./command.ts";
import { reportOutcome } from "./outcome.ts";

/** Takes everything of the stack away. */
export const destroy: Command = {
  name: "destroy",
  takesStack: true,
  usage: "<stack> [--local] [--json]",
  summary: "Take away everything that the stack made.",
  options: stackOptions,
  run: (invocation) =>
    reportOutcome(destroy, invocation, ({ stack }, options) => stack.destroy(options)),
};
