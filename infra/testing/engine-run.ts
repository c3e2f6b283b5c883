/**
 * Runs one operation of the engine in a separate process.
 *
 * After an engine or a plugin is killed, the rest of its inline program can disturb the next one
 * in the same process. Automation's language server reports a program that ends with a gRPC
 * error as successful, because its engine knows the error. A new engine does not know it, and
 * deletes resources that were not registered.
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

/** The only message to the process, which answers with the outcome. */
export interface EngineRun {
  readonly operation: "up" | "destroy";
  /** Directory of the scratch stack. */
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
