import * as pulumi from "@pulumi/pulumi";
import type { StackOutputs } from "./outputs.ts";
import { program } from "./program.ts";

/** Pulumi's entry point. No module imports this file. */
export const {
  services,
  jobs,
  databases,
  keyValues,
  envGroups,
  registries,
  projectEnvironment,
}: StackOutputs = program(pulumi.getStack());
