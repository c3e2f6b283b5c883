import type * as pulumi from "@pulumi/pulumi";
import { GeneratedSecret } from "../resources/opspec/generated-secret.ts";
import { register } from "./register.ts";

/** A secret that the stack makes once for itself. Its name is its identity: renaming it makes a new value. */
export function generateSecret(
  name: string,
  bytes: number,
  provider: pulumi.ProviderResource,
): pulumi.Output<string> {
  return register(GeneratedSecret, name, { inputs: { bytes }, options: { provider } }).value;
}
