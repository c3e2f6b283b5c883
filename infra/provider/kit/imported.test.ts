import { expect, test } from "vitest";
import { z } from "zod";
import { field } from "../../resources/contract.ts";
import { diff } from "./diff.ts";
import { asImport, comparableOlds, withoutImportNote } from "./imported.ts";
import { revealed, Secret, type TreeObject, UNKNOWN } from "./property-tree.ts";

const texts = z.record(z.string(), z.string()).optional();

const contract = {
  inputs: z.strictObject({
    name: field(z.string(), { description: "", completed: (own, told) => told === `${own}_x` }),
    plan: field(z.string().optional(), { description: "" }),
    env: field(texts, { description: "", secretOnImport: true }),
    domains: field(z.array(z.string()).optional(), {
      description: "",
      unordered: true,
      ownsItems: true,
    }),
    hash: field(z.string().optional(), { description: "", unread: true }),
    token: field(z.string().optional(), { description: "", unread: true, setOnImport: true }),
  }),
};

const imported = asImport({
  name: "shop_x",
  plan: "starter",
  env: { TZ: new Secret("UTC"), FOREIGN: new Secret("1") },
  domains: ["b.example.com", "a.example.com"],
});

function changesTo(news: TreeObject): string[] {
  const olds = revealed(comparableOlds(contract, imported, news));
  return diff(contract, olds, news).map((it) => it.path.join("."));
}

test("an import whose declared fields are equal differs in nothing, whatever else is there", () => {
  expect(changesTo({ name: "shop" })).toEqual([]);
  expect(changesTo({ name: "shop", env: { TZ: "UTC" }, domains: ["a.example.com"] })).toEqual([]);
  expect(changesTo({ name: "shop", hash: "what the vendor never tells" })).toEqual([]);
});

test("an import differs in exactly the declared fields that differ", () => {
  const news = { name: "shop", plan: "pro", env: { TZ: "CET" }, domains: ["c.example.com"] };

  expect(changesTo(news)).toEqual(["domains.0", "env.TZ", "plan"]);
  expect(changesTo({ name: "shop", domains: [UNKNOWN] })).toEqual(["domains.0"]);
});

test("what nobody can tell of an import, and what matters, is set", () => {
  expect(changesTo({ name: "shop", token: "t" })).toEqual(["token"]);
});

test("once a program's own inputs are known, what it no longer declares is a difference", () => {
  const olds = { name: "shop", plan: "starter" };

  expect(comparableOlds(contract, olds, { name: "shop" })).toBe(olds);
  expect(withoutImportNote(asImport(olds))).toEqual(olds);
});
