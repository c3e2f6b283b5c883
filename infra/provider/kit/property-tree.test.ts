import { expect, test } from "vitest";
import {
  decode,
  encode,
  hasUnknown,
  keepSecrets,
  reveal,
  Secret,
  UNKNOWN,
} from "./property-tree.ts";

const tree = {
  text: "a",
  none: null,
  list: [1, true, new Secret("hidden")],
  nested: { unknown: UNKNOWN, secret: new Secret({ inner: [UNKNOWN] }) },
};

test("what was encoded is decoded as it was, unknown and secret values included", () => {
  expect(decode(encode(tree))).toEqual(tree);
});

test("revealing opens secrets at every depth and leaves unknown values unknown", () => {
  expect(reveal(tree)).toEqual({
    text: "a",
    none: null,
    list: [1, true, "hidden"],
    nested: { unknown: UNKNOWN, secret: { inner: [UNKNOWN] } },
  });
});

test("an unknown value is found inside lists and secrets", () => {
  expect(hasUnknown(new Secret([{ a: UNKNOWN }]))).toBe(true);
  expect(hasUnknown({ a: [new Secret("b")] })).toBe(false);
});

test("secrets return to the places where they were", () => {
  const kept = keepSecrets({ list: [1, true, "new"], text: "b" }, tree);
  expect(kept).toEqual({ list: [1, true, new Secret("new")], text: "b" });
});

test("a secret never shows its value in JSON", () => {
  expect(JSON.stringify({ token: new Secret("hidden") })).toBe('{"token":"[secret]"}');
});
