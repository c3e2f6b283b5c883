import { expect, test } from "vitest";
import { z } from "zod";
import { field } from "../../resources/contract.ts";
import { diff, renderChange } from "./diff.ts";
import { type TreeObject, UNKNOWN } from "./property-tree.ts";

const contract = {
  inputs: z.strictObject({
    name: field(z.string(), { description: "" }),
    region: field(z.string(), { description: "", replaces: "it cannot move" }),
    image: field(z.string().optional(), {
      description: "",
      normalise: (it) => it.replace(/:latest$/, ""),
    }),
    env: field(z.record(z.string(), z.string()).optional(), { description: "" }),
    disk: field(
      z
        .strictObject({
          size: field(z.int(), { description: "" }),
          path: field(z.string(), { description: "", replaces: "it is mounted once" }),
        })
        .optional(),
      { description: "" },
    ),
    rules: field(z.array(z.string()).optional(), { description: "" }),
  }),
};

const changes = (olds: TreeObject, news: TreeObject): string[] =>
  diff(contract, olds, news).map(
    (it) => `${it.kind} ${renderChange(it)}${it.replaces ? " replaces" : ""}`,
  );

test("equal inputs have no changes", () => {
  const inputs = { name: "a", env: { A: "1" }, rules: ["x"], disk: { size: 1, path: "/a" } };
  expect(changes(inputs, { ...inputs })).toEqual([]);
});

test("each changed leaf is named by its path, with odd names quoted", () => {
  expect(
    changes(
      { env: { A: "1", B: "1", "a.b": "1" }, rules: ["x"] },
      { env: { A: "2", C: "1", "a.b": "2" }, rules: ["x", "y"] },
    ),
  ).toEqual(["update env.A", "delete env.B", "add env.C", 'update env["a.b"]', "add rules[1]"]);
});

test("a field that the vendor cannot change replaces, at any depth", () => {
  expect(
    changes(
      { region: "a", disk: { size: 1, path: "/a" } },
      { region: "b", disk: { size: 2, path: "/b" } },
    ),
  ).toEqual(["update disk.path replaces", "update disk.size", "update region replaces"]);
});

test("the vendor's other spelling of a value is the same value", () => {
  expect(changes({ image: "nginx:latest" }, { image: "nginx" })).toEqual([]);
});

test("an unknown new value counts as a change, and replaces where a change would", () => {
  expect(changes({ name: "a", region: "a" }, { name: UNKNOWN, region: UNKNOWN })).toEqual([
    "update name",
    "update region replaces",
  ]);
});

test("a list without an order differs by what is in it", () => {
  const other = {
    inputs: z.strictObject({
      names: field(z.array(z.string()), { description: "Names.", unordered: true }),
    }),
  };

  expect(diff(other, { names: ["a", "b"] }, { names: ["b", "a"] })).toEqual([]);
  expect(diff(other, { names: ["a", "b", "b"] }, { names: ["b", "c"] })).toEqual([
    { path: ["names", 0], kind: "delete" },
    { path: ["names", 1], kind: "add" },
    { path: ["names", 2], kind: "delete" },
  ]);
});

test("what only this program reads is no change", () => {
  const other = {
    inputs: z.strictObject({
      adopt: field(z.boolean().optional(), { description: "Consent.", uncompared: true }),
    }),
  };

  expect(diff(other, {}, { adopt: true })).toEqual([]);
});
