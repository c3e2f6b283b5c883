import { SpecError } from "../../infra/errors.ts";
import { loadStack } from "../../infra/stack.ts";
import { type Command, EXIT, printJson, stackOf } from "./command.ts";

/** Reads a spec and reports every problem. Makes no network request. */
export const validate: Command = {
  name: "validate",
  takesStack: true,
  usage: "<stack> [--json]",
  summary: "Report every problem of a spec, each with its line.",
  options: { json: { type: "boolean" } },
  run: async (invocation) => {
    const stackName = stackOf(validate, invocation);
    const problems = problemsOf(stackName);
    if (invocation.flags["json"])
      printJson({ stack: stackName, problems: problems?.problems ?? [] });
    else if (!problems)
      process.stdout.write(`${stackName}: valid. The values of secrets were not checked.\n`);
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
