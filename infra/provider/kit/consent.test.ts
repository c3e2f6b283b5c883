import { expect, test } from "vitest";
import { Consents } from "./consent.ts";

const URN = "urn:pulumi:shop::opspec::render:index:Postgres::main";

test("a consent in the environment is for the stack that it names, and for no other", () => {
  expect(new Consents("shop").covers(URN, {})).toBe(true);
  expect(new Consents("shop-staging").covers(URN, {})).toBe(false);
  expect(new Consents("true").covers(URN, {})).toBe(false);
  expect(new Consents("").covers(URN, {})).toBe(false);
});

test("a consent of the program is for its resource", () => {
  const consents = new Consents(undefined);
  consents.note(URN, { allowDataLoss: true });
  consents.note(`${URN}2`, { allowDataLoss: false });

  expect(consents.covers(URN, {})).toBe(true);
  expect(consents.covers(`${URN}2`, {})).toBe(false);
  expect(consents.covers(`${URN}2`, { allowDataLoss: true })).toBe(true);

  consents.note(URN, {});
  expect(consents.covers(URN, {})).toBe(false);
});
