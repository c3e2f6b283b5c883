import { z } from "zod";
import { type ResourceContract, rulesOf } from "../../resources/contract.ts";
import type { PluginDefinition } from "./plugin.ts";
import { shapeOf } from "./schema-shape.ts";

/** Pulumi's package schema, made from the contracts. @see https://www.pulumi.com/docs/iac/guides/building-extending/packages/schema/ */
export function packageSchema<Client>(plugin: PluginDefinition<Client>): object {
  const types: Types = {};
  return {
    name: plugin.provider.name,
    version: plugin.version,
    description: plugin.provider.description,
    provider: {
      description: plugin.provider.description,
      inputProperties: propertiesOf(plugin.provider.inputs, plugin.provider.name, types),
    },
    resources: Object.fromEntries(
      plugin.resources.map(({ contract }) => [contract.token, resourceSchema(contract, types)]),
    ),
    types,
  };
}

type Types = Record<string, { type: "object"; properties: object; required: string[] }>;

function resourceSchema(contract: ResourceContract, types: Types): object {
  return {
    description: contract.description,
    inputProperties: propertiesOf(contract.inputs, contract.token, types),
    requiredInputs: requiredOf(contract.inputs),
    properties: propertiesOf(contract.outputs, contract.token, types),
    required: requiredOf(contract.outputs),
  };
}

function propertiesOf(schema: z.ZodObject, owner: string, types: Types): Record<string, object> {
  return Object.fromEntries(
    Object.entries(schema.shape).map(([key, child]) => {
      const { description, secret, replaces } = rulesOf(child as z.ZodType);
      return [
        key,
        {
          ...typeOf(child as z.ZodType, `${owner}${capitalised(key)}`, types),
          ...(description && { description }),
          ...(secret && { secret: true }),
          ...(replaces && { willReplaceOnChanges: true }),
        },
      ];
    }),
  );
}

function typeOf(schema: z.ZodType, token: string, types: Types): object {
  const shape = shapeOf(schema);
  switch (shape.kind) {
    case "object":
      types[token] ??= {
        type: "object",
        properties: propertiesOf(z.object(shape.fields), token, types),
        required: requiredOf(z.object(shape.fields)),
      };
      return { $ref: `#/types/${token}` };
    case "record":
      return { type: "object", additionalProperties: typeOf(shape.values, `${token}Value`, types) };
    case "array":
      return { type: "array", items: typeOf(shape.items, `${token}Item`, types) };
    default:
      return { type: shape.kind };
  }
}

function requiredOf(schema: z.ZodObject): string[] {
  return Object.entries(schema.shape)
    .filter(([, child]) => !shapeOf(child as z.ZodType).optional)
    .map(([key]) => key);
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
