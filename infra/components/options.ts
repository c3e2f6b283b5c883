import type * as pulumi from "@pulumi/pulumi";
import type { KeyedModel } from "../model/value-model.ts";

/** Options of a component: earlier keys of it are aliases, which its child inherits. */
export function componentOptions(
  { formerly = [] }: KeyedModel,
  provider: pulumi.ProviderResource,
): pulumi.ComponentResourceOptions {
  return { providers: [provider], aliases: formerly.map((name) => ({ name })) };
}

/** Options of the resource in a component: what the spec tells Pulumi about this one resource. */
export function resourceOptions(
  { pulumi: told = {} }: KeyedModel,
  parent: pulumi.Resource,
): pulumi.CustomResourceOptions {
  const { protect, retainOnDelete, ignoreChanges, import: existingId } = told;
  return {
    parent,
    ...(protect !== undefined && { protect }),
    ...(retainOnDelete !== undefined && { retainOnDelete }),
    ...(ignoreChanges && { ignoreChanges: [...ignoreChanges] }),
    ...(existingId !== undefined && { import: existingId }),
  };
}
