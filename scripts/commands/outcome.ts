import { loadStack } from "../../infra/stack.ts";
import { type Outcome, renderOutcome } from "../workspace/operation.ts";
import { openWorkspace, type Workspace } from "../workspace/workspace.ts";
import { type Command, EXIT, type Invocation, printJson, say, stackOf } from "./command.ts";

/** What a command does with a stack. */
interface StackOperation {
  /** It changes the state, so no other command may change it meanwhile. */
  readonly changes: boolean;
  run(workspace: Workspace, log: (line: string) => void): Promise<Outcome>;
}

/** Runs one operation on a stack and prints its changes, as text or as JSON. */
export async function reportOutcome(
  command: Command,
  invocation: Invocation,
  { changes, run }: StackOperation,
): Promise<number> {
  const stackName = stackOf(command, invocation);
  const { flags, values } = invocation;
  const overlay = values["overlay"];
  // Report a missing overlay before locating the engine.
  if (overlay !== undefined) loadStack(stackName, { overlay });
  const workspace = await openWorkspace({
    stackName,
    local: flags["local"] ?? false,
    log: say,
    ...(changes && { changes: command.name }),
    ...(overlay !== undefined && { overlay }),
  });
  try {
    const outcome = await run(workspace, say);
    if (flags["json"]) printJson(outcome);
    else process.stdout.write(`${command.name} ${stackName}\n${renderOutcome(outcome)}\n`);
    return exitCodeOf(outcome, flags["expect-no-changes"] ?? false);
  } finally {
    await workspace.close();
  }
}

function exitCodeOf({ failure, changes }: Outcome, expectNoChanges: boolean): number {
  return failure || (expectNoChanges && changes > 0) ? EXIT.findings : EXIT.ok;
}
