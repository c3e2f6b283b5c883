import type { z } from "zod";
import type { ResourceContract } from "../../resources/contract.ts";
import { rulesOf } from "../../resources/contract.ts";
import { type PathStep, renderPath } from "./property-path.ts";
import { isObject, type Tree, type TreeObject, Unknown } from "./property-tree.ts";
import { shapeOf } from "./schema-shape.ts";

/** One input that differs between what is and what is wanted. */
export interface Change {
  readonly path: readonly PathStep[];
  readonly kind: "add" | "delete" | "update";
  /** Why the vendor cannot do it in place; absent when it can. */
  readonly replaces?: string;
}

/**
 * Every declared input that differs, after the vendor's own normalisations.
 *
 * Both sides are revealed inputs. An unknown new value counts as a change, because it may be one.
 */
export function diff(
  contract: Pick<ResourceContract, "inputs">,
  olds: TreeObject,
  news: TreeObject,
): Change[] {
  return diffAt({ schema: contract.inputs, path: [] }, olds, news);
}

/** The change as Pulumi's paths name it. */
export function renderChange(change: Change): string {
  return renderPath(change.path);
}

/** Are two values the same to the vendor? */
export function sameValue(schema: z.ZodType, left: Tree, right: Tree): boolean {
  return diffAt({ schema, path: [] }, left, right).length === 0;
}

interface Position {
  readonly schema: z.ZodType | undefined;
  readonly path: readonly PathStep[];
  readonly replaces?: string;
}

function diffAt(at: Position, left: Tree | undefined, right: Tree | undefined): Change[] {
  const rules = at.schema ? rulesOf(at.schema) : {};
  const here: Position = { ...at, ...(rules.replaces && { replaces: rules.replaces }) };
  if (left === undefined && right === undefined) return [];
  if (left === undefined) return [changeAt(here, "add")];
  if (right === undefined) return [changeAt(here, "delete")];
  if (right instanceof Unknown || left instanceof Unknown) return [changeAt(here, "update")];
  if (isObject(left) && isObject(right)) return diffMembers(here, left, right);
  if (Array.isArray(left) && Array.isArray(right)) return diffItems(here, left, right);
  const normalise = rules.normalise ?? ((value: string) => value);
  const same =
    typeof left === "string" && typeof right === "string"
      ? normalise(left) === normalise(right)
      : left === right;
  return same ? [] : [changeAt(here, "update")];
}

function diffMembers(at: Position, left: TreeObject, right: TreeObject): Change[] {
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...keys]
    .toSorted()
    .flatMap((key) =>
      diffAt(
        { ...at, schema: memberSchema(at.schema, key), path: [...at.path, key] },
        left[key],
        right[key],
      ),
    );
}

function diffItems(at: Position, left: readonly Tree[], right: readonly Tree[]): Change[] {
  const shape = at.schema && shapeOf(at.schema);
  const schema = shape?.kind === "array" ? shape.items : undefined;
  return Array.from({ length: Math.max(left.length, right.length) }, (_, index) =>
    diffAt({ ...at, schema, path: [...at.path, index] }, left[index], right[index]),
  ).flat();
}

function memberSchema(schema: z.ZodType | undefined, key: string): z.ZodType | undefined {
  const shape = schema && shapeOf(schema);
  if (shape?.kind === "object") return shape.fields[key];
  return shape?.kind === "record" ? shape.values : undefined;
}

function changeAt(at: Position, kind: Change["kind"]): Change {
  return { path: at.path, kind, ...(at.replaces && { replaces: at.replaces }) };
}
