import { expect, test } from "vitest";
import { secretValueProblems } from "./secret-value.ts";

const secret = { name: "SECRET_KEY", required: true, minLength: 32, weak: ["chorizo"], usedBy: [] };

test.each([
  ["short", ["SECRET_KEY: is too short: 5 of at least 32 characters. Generate a longer one."]],
  ["x".repeat(32), []],
])("a value of the wrong length is told without the value (%s)", (value, problems) => {
  expect(secretValueProblems(secret, value)).toEqual(problems);
});

test("what everybody knows is refused whatever its case, the list's words too", () => {
  const free = { ...secret, minLength: 1 };

  expect(["ChangeMe", "CHORIZO", " admin "].map((it) => secretValueProblems(free, it))).toEqual(
    Array.from({ length: 3 }, () => ["SECRET_KEY: is a well-known value. Generate another."]),
  );
  expect(secretValueProblems({ ...secret, minLength: 0 }, "")).toEqual([
    "SECRET_KEY: is empty. Set it or remove it.",
  ]);
});

test("a value that is too short to be hidden in a log is refused by its name", () => {
  const free = { ...secret, minLength: 0 };
  const refused = [
    "SECRET_KEY: is too short to be hidden in logs and errors, which needs 4 characters. Use a longer value.",
  ];

  expect(["7", "abc", "  ab  ", "abcd"].map((it) => secretValueProblems(free, it))).toEqual([
    refused,
    refused,
    refused,
    [],
  ]);
});
