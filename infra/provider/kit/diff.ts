import type { z } from "zod";
import type { FieldRules, ResourceContract } from "../../resources/contract.ts";
import { rulesOf } from "../../resources/contract.ts";
import {
  type PathStep,
  type Tree,
  type TreeObject,
  Unknown,
  isObject,
  renderPath,
} from "./property-tree.ts";
import { shapeOf } from "./schema-shape.ts";

/** One input that differs between the actual and the wanted state. */
export interface Change {
  readonly path: readonly PathStep[];
  readonly kind: "add" | "delete" | "update";
  /** Why the vendor cannot change it in place; absent when it can. */
  readonly replaces?: string;
  /** The data that a change in place loses, in words. */
  readonly loses?: string;
  /** Why the number may not decrease; set when it would. */
  readonly shrinks?: string;
}

/**
 * Every declared input that differs, after the vendor's normalisation.
 *
 * Both sides are revealed inputs. An unknown new value counts as a change.
 */
export function diff(
  contract: Pick<ResourceContract, "inputs">,
  olds: TreeObject,
  news: TreeObject,
): Change[] {
  return diffAt({ schema: contract.inputs, path: [] }, olds, news);
}

/** The path of the change in Pulumi's notation. */
export function renderChange(change: Change): string {
  return renderPath(change.path);
}

/** Whether two values are equal to the vendor. */
export function sameValue(schema: z.ZodType, left: Tree, right: Tree): boolean {
  return diffAt({ schema, path: [] }, left, right).length === 0;
}

interface Position extends Pick<Change, "path" | "replaces" | "loses"> {
  readonly schema: z.ZodType | undefined;
}

function diffAt(at: Position, left: Tree | undefined, right: Tree | undefined): Change[] {
  const rules = at.schema ? rulesOf(at.schema) : {};
  if (rules.uncompared || (left === undefined && right === undefined)) return [];
  const { replaces = at.replaces, loses } = rules;
  const here: Position = { ...at, ...(replaces && { replaces }) };
  const lossy = { ...here, ...(loses && { loses }) };
  if (left === undefined) return [changeAt(here, "add")];
  if (right === undefined) return [changeAt(lossy, "delete")];
  if (right instanceof Unknown || left instanceof Unknown) return [changeAt(here, "update")];
  if (isObject(left) && isObject(right)) return diffMembers(here, left, right);
  if (Array.isArray(left) && Array.isArray(right)) {
    return rules.unordered ? diffSets(here, left, right) : diffItems(here, left, right);
  }
  if (sameLeaf(rules, left, right)) return [];
  const shrinks = isLess(right, left) ? rules.onlyGrows : undefined;
  return [{ ...changeAt(lossy, "update"), ...(shrinks && { shrinks }) }];
}

function sameLeaf({ normalise = (it) => it }: Partial<FieldRules>, left: Tree, right: Tree) {
  return typeof left === "string" && typeof right === "string"
    ? normalise(left) === normalise(right)
    : left === right;
}

function isLess(left: Tree, right: Tree): boolean {
  return typeof left === "number" && typeof right === "number" && left < right;
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
  const schema = itemSchema(at.schema);
  return Array.from({ length: Math.max(left.length, right.length) }, (_, index) =>
    diffAt({ ...at, schema, path: [...at.path, index] }, left[index], right[index]),
  ).flat();
}

/**
 * Items of one side only, at their index; a different item at the same index on both sides is an
 * update.
 */
function diffSets(at: Position, left: readonly Tree[], right: readonly Tree[]): Change[] {
  const schema = itemSchema(at.schema);
  const isSame = (a: Tree, b: Tree): boolean => diffAt({ schema, path: [] }, a, b).length === 0;
  const gone = unmatched(left, right, isSame);
  const added = unmatched(right, left, isSame);
  const places = [...new Set([...gone, ...added])].toSorted((a, b) => a - b);
  return places.map((index) => {
    const kind = !added.has(index) ? "delete" : gone.has(index) ? "update" : "add";
    return changeAt({ ...at, path: [...at.path, index] }, kind);
  });
}

/** Indexes of the items without an equal one in the other list; each item matches once. */
function unmatched(
  items: readonly Tree[],
  others: readonly Tree[],
  isSame: (a: Tree, b: Tree) => boolean,
): ReadonlySet<number> {
  const left = [...others];
  const without = items.map((item) => {
    const partner = left.findIndex((it) => isSame(item, it));
    if (partner >= 0) left.splice(partner, 1);
    return partner < 0;
  });
  return new Set(without.flatMap((isAlone, index) => (isAlone ? [index] : [])));
}

function itemSchema(schema: z.ZodType | undefined): z.ZodType | undefined {
  const shape = schema && shapeOf(schema);
  return shape?.kind === "array" ? shape.items : undefined;
}

function memberSchema(schema: z.ZodType | undefined, key: string): z.ZodType | undefined {
  const shape = schema && shapeOf(schema);
  if (shape?.kind === "object") return shape.fields[key];
  return shape?.kind === "record" ? shape.values : undefined;
}

function changeAt({ path, replaces, loses }: Position, kind: Change["kind"]): Change {
  return { path, kind, ...(replaces && { replaces }), ...(loses && { loses }) };
}
