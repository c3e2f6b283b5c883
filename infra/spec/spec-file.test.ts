import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { loadStackSpec } from "./parse.ts";

/** A directory of specs. */
function scratchStacks(): string {
  const directory = mkdtempSync(join(tmpdir(), "opspec-stacks-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

test.each([
  ["system: shop\n# caf\xe9\n", "2:6"],
  ["\xff\xfes\0y\0", "1:1"],
])("a spec that is not UTF-8 is refused at its first invalid character", (text, place) => {
  const stacks = scratchStacks();
  writeFileSync(join(stacks, "shop.ops.yaml"), Buffer.from(text, "latin1"));

  expect(() => loadStackSpec("shop", stacks)).toThrow(
    `stacks/shop.ops.yaml: 1 problem(s)\n  stacks/shop.ops.yaml:${place}  is not UTF-8 text. Save the file as UTF-8.`,
  );
});

test("a spec that is a directory is refused with a remedy", () => {
  const stacks = scratchStacks();
  mkdirSync(join(stacks, "shop.ops.yaml"));

  expect(() => loadStackSpec("shop", stacks)).toThrow(
    "stacks/shop.ops.yaml: is a directory. Write the spec in a file of this name.",
  );
});
