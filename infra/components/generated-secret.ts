import type * as pulumi from "@pulumi/pulumi";
import { GeneratedSecret } from "../resources/opspec/generated-secret.ts";
import { register } from "./register.ts";

/**
 * A secret that the stack generates once for itself. Its name is its identity; another name gets
 * another value.
 */
export function generateSecret(
  { name, bytes, rotation }: { name: string; bytes: number; rotation?: string },
  provider: pulumi.ProviderResource,
): pulumi.Output<string> {
  const inputs = { bytes, ...(rotation && { rotation }) };
  return register(GeneratedSecret, name, { inputs, options: { provider } }).value;
}
