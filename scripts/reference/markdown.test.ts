import { expect, test } from "vitest";
import { renderTable, renderValue } from "./markdown.ts";

test("a cell cannot break its table, and what looks like markup is shown as it is", () => {
  const table = renderTable(
    ["key", "empty", "text"],
    [["`services/<key>`", "", "a | b\n<system>-<key>, with * for any"]],
  );

  expect(table.split("\n")).toEqual([
    "| key | text |",
    "| --- | --- |",
    String.raw`| ${"`services/<key>`"} | a \| b &lt;system>-&lt;key>, with \* for any |`,
  ]);
});

test.each([
  [{ secret: "KEY" }, "`{ secret: KEY }`"],
  [["a", 1, true], "`[ a, 1, true ]`"],
  ["", '`""`'],
])("%j is written as one line of YAML", (value, expected) => {
  expect(renderValue(value)).toBe(expected);
});
