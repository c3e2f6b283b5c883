import { expect, test } from "vitest";
import { z } from "zod";
import { unwrap } from "./schema-walk.ts";
import { StackSpec } from "./stack.ts";

interface Location {
  readonly path: string;
  readonly schema: z.core.$ZodType;
}

/** Every key of the spec, with its schema, through blocks, records, lists and unions. */
function keysBelow({ path, schema }: Location): Location[] {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodObject) {
    return Object.entries(inner.def.shape).flatMap(([key, child]) => {
      const place = { path: `${path}/${key}`, schema: child };
      return [place, ...keysBelow(place)];
    });
  }
  if (inner instanceof z.ZodRecord)
    return keysBelow({ path: `${path}/*`, schema: inner.def.valueType });
  if (inner instanceof z.ZodArray)
    return keysBelow({ path: `${path}/-`, schema: inner.def.element });
  if (!(inner instanceof z.ZodUnion)) return [];
  return inner.def.options.flatMap((option) => keysBelow({ path, schema: option }));
}

/** The text of a key: beside it, or at the block that it holds. */
function metaOf(schema: z.core.$ZodType): z.core.GlobalMeta {
  return { ...z.globalRegistry.get(unwrap(schema)), ...z.globalRegistry.get(schema) };
}

const KEYS = keysBelow({ path: "", schema: StackSpec });

test("every key has a description", () => {
  const without = KEYS.filter(({ schema }) => !metaOf(schema).description).map((it) => it.path);

  expect(without).toEqual([]);
});

test("every example of every key is valid there", () => {
  const wrong = KEYS.flatMap(({ path, schema }) => {
    const { examples } = metaOf(schema);
    const given = Array.isArray(examples) ? examples : [];
    return given.filter((example) => !z.safeParse(schema, example).success).map((it) => [path, it]);
  });

  expect(KEYS.length).toBeGreaterThan(150);
  expect(wrong).toEqual([]);
});
