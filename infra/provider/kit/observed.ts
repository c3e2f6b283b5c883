import type { z } from "zod";
import { type ResourceContract, rulesOf } from "../../resources/contract.ts";
import { sameValue } from "./diff.ts";
import {
  isObject,
  keepSecrets,
  reveal,
  Secret,
  type Tree,
  type TreeObject,
} from "./property-tree.ts";
import { shapeOf } from "./schema-shape.ts";

/**
 * What a read reports as inputs: the declared fields only, with the vendor's values.
 *
 * A value that is equal after the vendor's normalisation keeps the declared spelling, and a secret
 * stays secret, so that only a real difference is drift. With nothing declared (an import), it is
 * everything observed, with the values that may be secret made so.
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

/** Outputs with the contract's secrets made secret. */
export function markOutputs(contract: ResourceContract, outputs: TreeObject): TreeObject {
  return Object.fromEntries(
    Object.entries(outputs).map(([key, value]) => {
      const schema = contract.outputs.shape[key] as z.ZodType | undefined;
      return [key, schema && rulesOf(schema).secret ? new Secret(value) : value];
    }),
  );
}

function declaredPart(
  schema: z.ZodType | undefined,
  observed: Tree | undefined,
  declared: Tree,
): Tree | undefined {
  if (observed === undefined) return undefined;
  if (schema && !isObject(declared) && sameValue(schema, observed, declared)) return declared;
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

function asImported(inputs: z.ZodObject, observed: TreeObject): TreeObject {
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
