import { expect, test } from "vitest";
import { z } from "zod";
import { check } from "./check.ts";
import { UNKNOWN } from "./property-tree.ts";

const schema = z
  .strictObject({
    name: z.string(),
    size: z.int().min(1).optional(),
    env: z.record(z.string(), z.string()).optional(),
    rules: z.array(z.strictObject({ source: z.string() })).optional(),
  })
  .refine((it) => it.name !== "db" || it.size !== undefined, {
    path: ["size"],
    message: "a db needs a size",
  });

test("known inputs are judged by the whole schema, with the path of each problem", () => {
  expect(check(schema, { name: 1, env: { A: 2 }, extra: true })).toMatchObject([
    { property: "name" },
    { property: "env.A" },
    { property: "" },
  ]);
});

test("a rule between fields is judged when all its parts are known", () => {
  expect(check(schema, { name: "db" })).toEqual([
    { property: "size", reason: "a db needs a size" },
  ]);
  expect(check(schema, { name: UNKNOWN })).toEqual([]);
});

test("around an unknown value the known parts are still judged", () => {
  const failures = check(schema, {
    name: UNKNOWN,
    size: 0,
    env: { A: UNKNOWN, B: 1 },
    rules: [{ source: UNKNOWN }, { source: 1 }],
    extra: true,
  });

  expect(failures.map((it) => it.property)).toEqual(["extra", "size", "env.B", "rules[1].source"]);
});

test("a required field is missed also beside an unknown one", () => {
  expect(check(schema, { env: { A: UNKNOWN } }).map((it) => it.property)).toEqual(["name"]);
});

test("a list where an object belongs is refused although a part of it is unknown", () => {
  expect(check(schema, { name: "a", env: [UNKNOWN] })).toEqual([
    { property: "env", reason: "should be a record" },
  ]);
});
