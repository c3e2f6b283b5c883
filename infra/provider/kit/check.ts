import type { z } from "zod";
import {
  type PathStep,
  type Tree,
  Unknown,
  hasUnknown,
  isObject,
  renderPath,
} from "./property-tree.ts";
import { shapeOf } from "./schema-shape.ts";

/** An input that violates the contract. */
export interface CheckFailure {
  readonly property: string;
  readonly reason: string;
}

/**
 * Validates revealed inputs against a contract.
 *
 * When all inputs are known, the whole schema applies, with the rules between fields. With an
 * unknown value, only the known parts are validated.
 */
export function check(
  schema: z.ZodType,
  tree: Tree | undefined,
  at: readonly PathStep[] = [],
): CheckFailure[] {
  if (tree instanceof Unknown) return [];
  if (tree === undefined || !hasUnknown(tree)) return checkKnown(schema, tree, at);
  const shape = shapeOf(schema);
  if (shape.kind === "object" && isObject(tree)) return checkFields(shape.fields, tree, at);
  if (shape.kind === "record" && isObject(tree)) {
    return Object.entries(tree).flatMap(([key, child]) => check(shape.values, child, [...at, key]));
  }
  if (shape.kind === "array" && Array.isArray(tree)) {
    return tree.flatMap((child: Tree, index) => check(shape.items, child, [...at, index]));
  }
  return [{ property: renderPath(at), reason: `should be ${wordFor(shape.kind)}` }];
}

function checkFields(
  fields: Readonly<Record<string, z.ZodType>>,
  tree: { readonly [key: string]: Tree },
  at: readonly PathStep[],
): CheckFailure[] {
  const unknownKeys = Object.keys(tree)
    .filter((key) => !(key in fields))
    .map((key) => ({
      property: renderPath([...at, key]),
      reason: "is not a known input of this resource",
    }));
  return [
    ...unknownKeys,
    ...Object.entries(fields).flatMap(([key, child]) => check(child, tree[key], [...at, key])),
  ];
}

function checkKnown(schema: z.ZodType, value: unknown, at: readonly PathStep[]): CheckFailure[] {
  const result = schema.safeParse(value);
  if (result.success) return [];
  return result.error.issues.map((issue) => ({
    property: renderPath([...at, ...(issue.path as PathStep[])]),
    reason: issue.message,
  }));
}

function wordFor(kind: string): string {
  return kind === "array" ? "a list" : `an ${kind}`.replace(/^an (?=[^aeiou])/, "a ");
}
