import { expect, test } from "vitest";
import { parseAddress, parseAddresses } from "./mail.ts";

test("addresses are separated as people separate them", () => {
  expect(parseAddresses(' a@x.com, "Doe, Ada" <b@x.com>;c@x.com,, ')).toEqual([
    "a@x.com",
    '"Doe, Ada" <b@x.com>',
    "c@x.com",
  ]);
  expect([parseAddresses(undefined), parseAddresses("")]).toEqual([[], []]);
});

test("a name is told apart from its address", () => {
  expect(parseAddress('"Doe, Ada" <b@x.com>')).toEqual({ email: "b@x.com", name: "Doe, Ada" });
  expect(parseAddress("Ops <ops@x.com>")).toEqual({ email: "ops@x.com", name: "Ops" });
  expect(parseAddress("<ops@x.com>")).toEqual({ email: "ops@x.com" });
  expect(parseAddress(" ops@x.com ")).toEqual({ email: "ops@x.com" });
});
