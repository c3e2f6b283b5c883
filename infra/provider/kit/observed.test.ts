import { expect, test } from "vitest";
import { z } from "zod";
import { field } from "../../resources/contract.ts";
import { declaredInEither, markSecrets, observedInputs } from "./observed.ts";
import { Secret, UNKNOWN } from "./property-tree.ts";

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

const mark = (token: string | Secret | typeof UNKNOWN) =>
  markSecrets(contract.inputs, { name: "a", token });

test("what the contract calls secret is made so once, and only when it is known", () => {
  expect(mark("t")).toEqual({ name: "a", token: new Secret("t") });
  expect(mark(new Secret("t"))).toEqual({ name: "a", token: new Secret("t") });
  expect(mark(UNKNOWN)).toEqual({ name: "a", token: UNKNOWN });
});

test("what two programs declared together has the newer value, and forgets nothing", () => {
  const olds = { name: "a", env: { A: "1", B: new Secret("1") }, rules: ["x"] };
  const news = { name: "b", env: { A: new Secret("2"), C: "3" } };

  expect(declaredInEither(contract.inputs, olds, news)).toEqual({
    name: "b",
    env: { A: new Secret("2"), B: new Secret("1"), C: "3" },
    rules: ["x"],
  });
});

test("what the vendor never tells, and what only this program reads, stays as it was declared", () => {
  const local = {
    inputs: z.strictObject({
      token: field(z.string(), { description: "", unread: true }),
      adopt: field(z.boolean(), { description: "", uncompared: true }),
    }),
  };
  const declared = { token: new Secret("t"), adopt: true };

  expect(observedInputs(local, {}, declared)).toEqual(declared);
});
