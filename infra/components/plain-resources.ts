import { createRequire } from "node:module";
import * as pulumi from "@pulumi/pulumi";
import type { StackModel } from "../model/stack-model.ts";
import type { StackOutputs } from "../outputs.ts";

/** The argument of a module beside a spec: the model and the registered resources. */
export interface PlainStack {
  readonly model: StackModel;
  readonly outputs: StackOutputs;
}

/**
 * Calls `resources(stack)` of the module beside the spec, for resources that a spec cannot declare.
 *
 * The module is loaded synchronously, because a Pulumi program registers everything before it
 * returns.
 */
export function registerPlainResources(path: string, stack: PlainStack): void {
  const module: unknown = createRequire(import.meta.url)(path);
  if (!hasResources(module)) {
    throw new pulumi.RunError(`${path}: exports no function resources(stack). Export one.`);
  }
  module.resources(stack);
}

function hasResources(module: unknown): module is { resources: (stack: PlainStack) => void } {
  return (
    typeof module === "object" &&
    module !== null &&
    "resources" in module &&
    typeof module.resources === "function"
  );
}
