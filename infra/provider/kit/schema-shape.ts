import { z } from "zod";

/**
 * The subset of zod that contracts use, so that schema, diff and checks can be derived.
 *
 * Anything else in a contract is a bug, found when the plugin's schema is generated.
 */
export type Shape =
  | { readonly kind: "string" | "boolean" | "number" | "integer" }
  | { readonly kind: "object"; readonly fields: Readonly<Record<string, z.ZodType>> }
  | { readonly kind: "record"; readonly values: z.ZodType }
  | { readonly kind: "array"; readonly items: z.ZodType };

/** The shape of a schema, and whether it is optional. */
export function shapeOf(schema: z.ZodType): Shape & { readonly optional: boolean } {
  if (schema instanceof z.ZodOptional) {
    return { ...shapeOf(schema.unwrap() as z.ZodType), optional: true };
  }
  return { ...innerShape(schema), optional: false };
}

function innerShape(schema: z.ZodType): Shape {
  if (schema instanceof z.ZodString || schema instanceof z.ZodEnum) return { kind: "string" };
  if (schema instanceof z.ZodBoolean) return { kind: "boolean" };
  if (schema instanceof z.ZodNumber) return { kind: schema.isInt ? "integer" : "number" };
  if (schema instanceof z.ZodObject) return { kind: "object", fields: schema.shape };
  if (schema instanceof z.ZodRecord)
    return { kind: "record", values: schema.valueType as z.ZodType };
  if (schema instanceof z.ZodArray) return { kind: "array", items: schema.element as z.ZodType };
  throw new Error(`unreachable: contracts do not use zod's ${schema.def.type}`);
}
