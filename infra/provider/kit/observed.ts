import type { z } from "zod";
import { type FieldRules, type ResourceContract, rulesOf } from "../../resources/contract.ts";
import { sameValue } from "./diff.ts";
import {
  isObject,
  keepSecrets,
  reveal,
  Secret,
  type Tree,
  type TreeObject,
  Unknown,
} from "./property-tree.ts";
import { shapeOf } from "./schema-shape.ts";

/**
 * The inputs that a read reports: the declared fields with the vendor's values.
 *
 * A value that is equal after normalisation keeps the declared spelling, and a secret stays secret,
 * so that only a real difference is drift. Without declared inputs (an import) it reports
 * everything observed, and values that may be secret become secret.
 */
export function observedInputs(
  contract: Pick<ResourceContract, "inputs">,
  observed: TreeObject,
  declared: TreeObject,
): TreeObject {
  if (Object.keys(declared).length === 0) return asImported(contract.inputs, observed);
  const plain = declaredPart(contract.inputs, observed, reveal(declared));
  const kept = keepSecrets(plain ?? {}, declared);
  return isObject(kept) ? kept : {};
}

/**
 * The properties with the contract's secret fields made secret, whatever the program and the vendor
 * say.
 */
export function markSecrets(schema: z.ZodObject, tree: TreeObject): TreeObject {
  return Object.fromEntries(
    Object.entries(tree).map(([key, value]) => {
      const member = schema.shape[key] as z.ZodType | undefined;
      const isBare = !(value instanceof Secret) && !(value instanceof Unknown);
      return [key, member && isBare && rulesOf(member).secret ? new Secret(value) : value];
    }),
  );
}

/**
 * The inputs of two programs merged; the newer value wins.
 *
 * After a partly failed update these may exist, so none of them is forgotten.
 */
export function declaredInEither(
  schema: z.ZodType | undefined,
  olds: Tree | undefined,
  news: Tree | undefined,
): Tree | undefined {
  if (olds === undefined || news === undefined) return news ?? olds;
  const shape = schema && shapeOf(schema);
  if (isObject(olds) && isObject(news)) {
    const keys = [...new Set([...Object.keys(olds), ...Object.keys(news)])];
    const both = keys.map((key) => {
      const inner = shape?.kind === "object" ? shape.fields[key] : undefined;
      return [key, declaredInEither(inner, olds[key], news[key])] as const;
    });
    return Object.fromEntries(
      both.filter((it): it is readonly [string, Tree] => it[1] !== undefined),
    );
  }
  if (schema && rulesOf(schema).unordered && Array.isArray(olds) && Array.isArray(news)) {
    const known = new Set(news.map((it: Tree) => JSON.stringify(reveal(it))));
    return [...news, ...olds.filter((it: Tree) => !known.has(JSON.stringify(reveal(it))))];
  }
  return news;
}

function declaredPart(
  schema: z.ZodType | undefined,
  observed: Tree | undefined,
  declared: Tree,
): Tree | undefined {
  const rules = schema ? rulesOf(schema) : {};
  if (rules.unread || rules.uncompared) return declared;
  if (observed === undefined) return undefined;
  if (schema && !isObject(declared) && sameValue(schema, observed, declared)) return declared;
  if (isCompleted(rules, declared, observed)) return declared;
  if (schema && rules.ownsItems) return ownItems(schema, observed, declared);
  if (!isObject(declared) || !isObject(observed)) return observed;
  const shape = schema && shapeOf(schema);
  const parts = Object.entries(declared).map(([key, child]) => {
    const inner =
      shape?.kind === "object"
        ? shape.fields[key]
        : shape?.kind === "record"
          ? shape.values
          : undefined;
    return [key, declaredPart(inner, observed[key], child)] as const;
  });
  return Object.fromEntries(
    parts.filter((part): part is readonly [string, Tree] => part[1] !== undefined),
  );
}

/** Whether the vendor appended its own text to the declared value. */
export function isCompleted(
  { completed }: Partial<FieldRules>,
  declared: unknown,
  reported: unknown,
): boolean {
  if (completed === undefined || typeof declared !== "string" || typeof reported !== "string")
    return false;
  return completed(declared, reported);
}

/** The declared items of a list that others also change. */
function ownItems(schema: z.ZodType, observed: Tree, declared: Tree): Tree {
  if (!Array.isArray(observed) || !Array.isArray(declared)) return observed;
  const shape = shapeOf(schema);
  const isOurs = (it: Tree): boolean =>
    shape.kind === "array" && declared.some((own: Tree) => sameValue(shape.items, it, own));
  return observed.filter(isOurs);
}

/** The inputs of an imported resource, with values that may be secret made secret. */
export function asImported(inputs: z.ZodObject, observed: TreeObject): TreeObject {
  return Object.fromEntries(
    Object.entries(observed)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => {
        const schema = inputs.shape[key] as z.ZodType | undefined;
        const rules = schema ? rulesOf(schema) : {};
        if (rules.secret) return [key, new Secret(value)];
        if (!rules.secretOnImport || !isObject(value)) return [key, value];
        return [
          key,
          Object.fromEntries(Object.entries(value).map(([name, it]) => [name, new Secret(it)])),
        ];
      }),
  );
}
