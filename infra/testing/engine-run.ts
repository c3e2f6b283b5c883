/**
 * One operation of the engine, in a process of its own that ends with it.
 *
 * When an engine or a plugin dies, what remains of the inline program can disturb the next one in the
 * same process. Automation's language server reports a program that ends in a gRPC error as one that
 * has ended well, because the engine knows of the error; a new engine does not, and deletes what it has
 * not heard of. A command of ours ends with its failure, so no second program runs after one.
 *
 * @see https://github.com/pulumi/pulumi/blob/v3.259.0/sdk/nodejs/automation/server.ts
 */
import { join } from "node:path";
import { LocalWorkspace } from "@pulumi/pulumi/automation/index.js";
import { findEngine } from "../../scripts/engine/find.ts";
import { consentingToDataLoss } from "../../scripts/workspace/data-consent.ts";
import { carryOut } from "../../scripts/workspace/operation.ts";
import { PROJECT } from "../../scripts/workspace/plugin-project.ts";
import { deployStack } from "../components/stack.ts";
import type { StackModel } from "../model/stack-model.ts";

/** What the process is told, as the one message that it gets. It answers with the outcome. */
export interface EngineRun {
  readonly operation: "up" | "destroy";
  /** Of the scratch stack. */
  readonly directory: string;
  readonly envVars: Readonly<Record<string, string>>;
  readonly model: StackModel;
}

process.once("message", (message) => {
  void runEngine(message as EngineRun).then((outcome) =>
    process.send?.(outcome, undefined, {}, () => process.exit()),
  );
});

async function runEngine({ operation, directory, envVars, model }: EngineRun) {
  const options = { environment: {}, placeholder: (name: string) => `value-of-${name}` };
  const { command } = await findEngine({ log: () => undefined });
  const stack = await LocalWorkspace.selectStack(
    {
      stackName: "scratch",
      projectName: PROJECT,
      program: async () => deployStack(model, options),
    },
    {
      workDir: directory,
      pulumiCommand: command,
      pulumiHome: join(directory, "home"),
      envVars: { ...envVars },
    },
  );
  return carryOut(
    (events) =>
      operation === "up"
        ? stack.up(events)
        : consentingToDataLoss(stack, () => stack.destroy(events)),
    () => undefined,
  );
}
