import { fileURLToPath } from "node:url";
import * as pulumi from "@pulumi/pulumi";
import { registerPlainResources } from "./components/plain-resources.ts";
import { deployStack } from "./components/stack.ts";
import { SpecError } from "./errors.ts";
import type { StackOutputs } from "./outputs.ts";
import type { SecretsOptions } from "./secrets.ts";
import { type LoadedStack, type LoadOptions, loadStack } from "./stack.ts";

/** The folder of the specs and the modules beside them. */
const STACKS = new URL("../stacks/", import.meta.url);

/** Options that replace this process's environment. */
export type ProgramOptions = Partial<SecretsOptions> & Pick<LoadOptions, "overlay">;

/** The Pulumi program: the stack's spec, modelled and deployed. */
export function program(stackName: string, options: ProgramOptions = {}): StackOutputs {
  const { overlay, ...secrets } = options;
  const { model } = specOf(stackName, overlay);
  const outputs = deployStack(model, { environment: process.env, ...secrets });
  if (model.resources) {
    registerPlainResources(fileURLToPath(new URL(model.resources, STACKS)), { model, outputs });
  }
  return outputs;
}

/** Rethrows a wrong spec as a RunError, so that Pulumi shows its problems without a stack trace. */
function specOf(stackName: string, overlay: string | undefined): LoadedStack {
  try {
    return loadStack(stackName, overlay === undefined ? {} : { overlay });
  } catch (error) {
    if (error instanceof SpecError) throw new pulumi.RunError(error.message);
    throw error;
  }
}
