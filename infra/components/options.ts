import type * as pulumi from "@pulumi/pulumi";
import type { KeyedModel, PulumiModel } from "../model/value-model.ts";

/** Options of a component. Its earlier keys are aliases, which its child inherits. */
export function componentOptions(
  { formerly = [] }: KeyedModel,
  provider: pulumi.ProviderResource,
): pulumi.ComponentResourceOptions {
  return { providers: [provider], aliases: formerly.map((name) => ({ name })) };
}

/** Options of the resource in a component. */
export function resourceOptions(
  { pulumi: options }: KeyedModel,
  parent: pulumi.Resource,
): pulumi.CustomResourceOptions {
  return { parent, ...pulumiOptions(options) };
}

/** Options of a resource without a component. */
export function bareOptions(
  { formerly = [], pulumi: options }: KeyedModel,
  provider: pulumi.ProviderResource,
): pulumi.CustomResourceOptions {
  return { provider, aliases: formerly.map((name) => ({ name })), ...pulumiOptions(options) };
}

/** The spec's Pulumi options of one resource. */
export function pulumiOptions({
  protect,
  retainOnDelete,
  ignoreChanges,
  import: existingId,
}: PulumiModel = {}): pulumi.CustomResourceOptions {
  return {
    ...(protect !== undefined && { protect }),
    ...(retainOnDelete !== undefined && { retainOnDelete }),
    ...(ignoreChanges && { ignoreChanges: [...ignoreChanges] }),
    ...(existingId !== undefined && { import: existingId }),
  };
}
