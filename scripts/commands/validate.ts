import { SpecError } from "../../infra/errors.ts";
import { loadStack } from "../../infra/stack.ts";
import { type Command, EXIT, printJson, stackOf } from "./command.ts";

/** Reads a spec and says everything that is wrong with it, without asking anything of anybody. */
export const validate: Command = {
  name: "validate",
  takesStack: true,
  usage: "<stack> [--json]",
  summary: "Check a spec; every problem at once, each with its line.",
  options: { json: { type: "boolean" } },
  run: async (invocation) => {
    const stackName = stackOf(validate, invocation);
    const problems = problemsOf(stackName);
    if (invocation.flags["json"])
      printJson({ stack: stackName, problems: problems?.problems ?? [] });
    else if (!problems)
      process.stdout.write(`${stackName}: valid. Values of secrets: not checked.\n`);
    else process.stderr.write(`${problems.message}\n`);
    return problems ? EXIT.usage : EXIT.ok;
  },
};

function problemsOf(stackName: string): SpecError | undefined {
  try {
    loadStack(stackName);
    return undefined;
  } catch (error) {
    if (error instanceof SpecError) return error;
    throw error;
  }
}
