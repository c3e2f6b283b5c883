import * as pulumi from "@pulumi/pulumi";
import { deployStack } from "./components/stack.ts";
import { SpecError } from "./errors.ts";
import type { StackOutputs } from "./outputs.ts";
import type { SecretsOptions } from "./secrets.ts";
import { loadStack } from "./stack.ts";

/** What a caller decides instead of this process's environment. */
export type ProgramOptions = Partial<SecretsOptions>;

/** The Pulumi program: the stack's spec, modelled and deployed. */
export function program(stackName: string, options: ProgramOptions = {}): StackOutputs {
  return deployStack(specOf(stackName).model, {
    environment: process.env,
    ...options,
  });
}

/** A wrong spec is the operator's text, not a crash: Pulumi shows its problems without a stack trace. */
function specOf(stackName: string): ReturnType<typeof loadStack> {
  try {
    return loadStack(stackName);
  } catch (error) {
    if (error instanceof SpecError) throw new pulumi.RunError(error.message);
    throw error;
  }
}
