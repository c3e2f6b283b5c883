import { z } from "zod";
import { nearest } from "../errors.ts";

/** The schema without `optional` around it. */
export function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  return schema instanceof z.ZodOptional ? unwrap(schema.def.innerType) : schema;
}

/** The schema at `path` of `value`, through records, lists and unions. */
export function schemaAt(
  schema: z.core.$ZodType,
  value: unknown,
  path: readonly PropertyKey[],
): z.core.$ZodType | undefined {
  const here = unwrap(schema);
  if (here instanceof z.ZodUnion) {
    const variant = intendedVariant(here, value);
    return path.length === 0 ? here : variant && schemaAt(variant, value, path);
  }
  const [key, ...rest] = path;
  if (key === undefined) return here;
  const child = childSchema(here, key);
  return child && schemaAt(child, childValue(value, key), rest);
}

/**
 * The variant of a union that fits best: the one with most of the present keys. A misspelt key
 * counts for the variant with the nearest key.
 */
export function intendedVariant(union: z.ZodUnion, value: unknown): z.core.$ZodType | undefined {
  const options = union.def.options.map(unwrap);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const accepting = options.filter((option) => isTypeOf(option, value));
    return accepting.length === 1 ? accepting[0] : undefined;
  }
  const keys = Object.keys(value);
  const objects = options.filter((option) => option instanceof z.ZodObject);
  const scored = objects.map((option) => ({ option, score: variantScore(option, keys) }));
  const best = scored.toSorted((a, b) => b.score - a.score)[0];
  return best && (best.score > 0 || objects.length === 1) ? best.option : undefined;
}

/** Keys that an object of this schema may have. */
export function keysOf(schema: z.core.$ZodType | undefined): string[] {
  if (schema instanceof z.ZodObject) return Object.keys(schema.def.shape);
  if (!(schema instanceof z.ZodUnion)) return [];
  return [...new Set(schema.def.options.flatMap((option) => keysOf(unwrap(option))))];
}

/** Parts of a path's value. */
export function childValue(value: unknown, key: PropertyKey): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.getOwnPropertyDescriptor(value, key)?.value;
}

function childSchema(schema: z.core.$ZodType, key: PropertyKey): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodObject) return schema.def.shape[String(key)];
  if (schema instanceof z.ZodRecord) return schema.def.valueType;
  return schema instanceof z.ZodArray ? schema.def.element : undefined;
}

/**
 * The weight of a key for a variant: a required key most, a misspelt required key less, an optional
 * key (timezone) least, because several variants may have it.
 */
const KEY_SCORES = { required: 10, misspelt: 5, optional: 1 };

function variantScore(option: z.ZodObject, keys: readonly string[]): number {
  const required = requiredKeysOf(option);
  const score = (key: string): number => {
    if (required.includes(key)) return KEY_SCORES.required;
    if (key in option.def.shape) return KEY_SCORES.optional;
    return nearest(key, required) === undefined ? 0 : KEY_SCORES.misspelt;
  };
  return keys.reduce((total, key) => total + score(key), 0);
}

/** Keys that an object of this schema must have. */
export function requiredKeysOf(schema: z.ZodObject): string[] {
  return Object.entries(schema.def.shape)
    .filter(([, child]) => !(child instanceof z.ZodOptional))
    .map(([key]) => key);
}

function isTypeOf(schema: z.core.$ZodType, value: unknown): boolean {
  if (Array.isArray(value)) return schema instanceof z.ZodArray;
  if (typeof value === "string") return schema instanceof z.ZodString;
  if (typeof value === "number") return schema instanceof z.ZodNumber;
  return typeof value === "boolean" && schema instanceof z.ZodBoolean;
}
