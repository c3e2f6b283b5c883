import { expect, test } from "vitest";
import { z } from "zod";
import { field } from "../../resources/contract.ts";
import { observedInputs } from "./observed.ts";
import { Secret } from "./property-tree.ts";

const contract = {
  inputs: z.strictObject({
    name: field(z.string(), { description: "" }),
    image: field(z.string().optional(), { description: "", normalise: (it) => it.toLowerCase() }),
    env: field(z.record(z.string(), z.string()).optional(), {
      description: "",
      secretOnImport: true,
    }),
    token: field(z.string().optional(), { description: "", secret: true }),
    rules: field(z.array(z.string()).optional(), { description: "" }),
  }),
};

test("only declared fields and declared keys are reported", () => {
  const observed = { name: "a", image: "x", env: { A: "1", FOREIGN: "2" } };
  expect(observedInputs(contract, observed, { name: "a", env: { A: "1" } })).toEqual({
    name: "a",
    env: { A: "1" },
  });
});

test("a declared value that is gone at the vendor is gone from the inputs", () => {
  expect(
    observedInputs(contract, { name: "a", env: {} }, { name: "a", env: { A: "1" }, image: "x" }),
  ).toEqual({
    name: "a",
    env: {},
  });
});

test("the vendor's other spelling keeps the declared one", () => {
  expect(
    observedInputs(contract, { name: "a", image: "NGINX" }, { name: "a", image: "nginx" }),
  ).toEqual({
    name: "a",
    image: "nginx",
  });
});

test("a drifted secret stays secret", () => {
  const declared = { name: "a", env: { A: new Secret("1") } };
  expect(observedInputs(contract, { name: "a", env: { A: "2" } }, declared)).toEqual({
    name: "a",
    env: { A: new Secret("2") },
  });
});

test("a list that grew elsewhere is drift", () => {
  expect(observedInputs(contract, { rules: ["a", "b"] }, { rules: ["a"] })).toEqual({
    rules: ["a", "b"],
  });
});

test("an import takes everything, with what may be secret made so", () => {
  expect(observedInputs(contract, { name: "a", env: { A: "1" }, token: "t" }, {})).toEqual({
    name: "a",
    env: { A: new Secret("1") },
    token: new Secret("t"),
  });
});
