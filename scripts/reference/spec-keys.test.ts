import { expect, test } from "vitest";
import { z } from "zod";
import { StackSpec } from "../../infra/spec/stack.ts";
import { listSpecKeys } from "./spec-keys.ts";

const KEYS = listSpecKeys(StackSpec);

test("every key of the spec is described", () => {
  const silent = KEYS.filter((key) => key.description === undefined).map((key) => key.path);

  expect(silent).toEqual([]);
  expect(KEYS.length).toBeGreaterThan(200);
});

test("every key that is not a block by itself has an example", () => {
  const silent = KEYS.filter((key) => key.examples.length === 0).map((key) => key.path);

  expect(silent.filter((path) => KEYS.every((key) => !key.path.startsWith(`${path}/`)))).toEqual(
    [],
  );
});

test("every example is accepted in its place", () => {
  const refused = KEYS.flatMap(({ path, schema, examples }) =>
    examples.flatMap((example) => {
      const result = z.safeParse(schema, example);
      return result.success ? [] : [`${path}: ${JSON.stringify(example)}: ${result.error.message}`];
    }),
  );

  expect(refused).toEqual([]);
});

test("no example stands where the list of keys does not see it", () => {
  const listed = new Set(KEYS.flatMap((key) => key.examples).map((it) => JSON.stringify(it)));

  const everywhere = examplesIn(z.toJSONSchema(StackSpec, { io: "input", unrepresentable: "any" }));

  expect(everywhere.filter((it) => !listed.has(JSON.stringify(it)))).toEqual([]);
  expect(everywhere.length).toBeGreaterThan(200);
});

test("a key is found below lists, blocks by name and every form of a block", () => {
  const schema = z.strictObject({
    list: z.array(z.strictObject({ inList: z.string().optional() })),
    named: z.record(z.string(), z.strictObject({ inNamed: z.string() })).optional(),
    either: z.union([
      z.string(),
      z.strictObject({ one: z.string() }),
      z.strictObject({ two: z.string() }),
    ]),
    read: z.string().transform(Number).pipe(z.number()),
  });

  const found = listSpecKeys(schema).map(({ path, isRequired, form }) => [path, isRequired, form]);

  expect(found).toEqual([
    ["list", true, undefined],
    ["list/<n>/inList", false, undefined],
    ["named", false, undefined],
    ["named/<key>/inNamed", true, undefined],
    ["either", true, undefined],
    ["either/one", true, "{ one }"],
    ["either/two", true, "{ two }"],
    ["read", true, undefined],
  ]);
});

test("a block that stands in several places is listed once and referred to", () => {
  const shared = z.strictObject({ inside: z.string() });

  const keys = listSpecKeys(z.strictObject({ first: shared, second: shared.optional() }));

  expect(keys.map(({ path, sameAs }) => [path, sameAs])).toEqual([
    ["first", undefined],
    ["first/inside", undefined],
    ["second", "first"],
  ]);
});

/** Every `examples` of a JSON Schema, at any depth. */
function examplesIn(schema: unknown): unknown[] {
  if (typeof schema !== "object" || schema === null) return [];
  return Object.entries(schema).flatMap(([keyword, value]): unknown[] =>
    keyword === "examples" && Array.isArray(value) ? value : examplesIn(value),
  );
}
