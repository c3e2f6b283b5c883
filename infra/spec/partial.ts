import type { z } from "zod";
import type { Problem } from "../errors.ts";
import { shapeProblems } from "./problem.ts";
import type { DeepPartial } from "./stack.ts";

/**
 * A value without its invalid parts, and their problems.
 *
 * The rest stays valid, because these schemas have no transforms and defaults. Dropped list items
 * become undefined, so that later ones keep their index in messages.
 */
export function dropInvalid<Value extends object>(
  schema: z.ZodType<Value>,
  value: unknown,
): Remainder<Value> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return { valid: parsed.data, rest: partOf(value), problems: [], meant: [] };
  const found = shapeProblems(schema, value);
  const rest: unknown = structuredClone(value);
  for (const { drop } of found) remove(rest, drop);
  return {
    rest: partOf(rest),
    problems: found.map((it) => it.problem),
    meant: found.flatMap((it) => it.meant ?? []),
  };
}

/** A value without its invalid parts. */
export interface Remainder<Value> {
  /** The whole value, when it is valid. */
  readonly valid?: Value;
  readonly rest: DeepPartial<Value>;
  readonly problems: readonly Problem[];
  /** Paths that misspelt keys were meant for. */
  readonly meant: readonly string[];
}

/** Every invalid part was dropped, so the rest is valid. */
function partOf<Value>(rest: unknown): DeepPartial<Value> {
  return (isBlock(rest) ? rest : {}) as DeepPartial<Value>;
}

function isBlock(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function remove(value: unknown, path: readonly string[]): void {
  const [key, ...rest] = path;
  if (typeof value !== "object" || value === null || key === undefined) return;
  const child = Object.getOwnPropertyDescriptor(value, key)?.value;
  if (rest.length > 0) return remove(child, rest);
  if (Array.isArray(value)) value[Number(key)] = undefined;
  else Reflect.deleteProperty(value, key);
}
