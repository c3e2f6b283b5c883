import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scratchDirectory } from "../../../testing/scratch-directory.ts";
import { readStateFile, writeStateFile } from "./state-file.ts";

test("a state is replaced in one step, behind a link too, and nothing lies beside it", async () => {
  const directory = scratchDirectory();
  const logs = join(directory, "logs");
  mkdirSync(logs);
  writeFileSync(join(directory, "elsewhere.json"), "2");
  symlinkSync("../elsewhere.json", join(logs, "state.json"));

  await writeStateFile(join(logs, "state.json"), 3);

  expect(readFileSync(join(directory, "elsewhere.json"), "utf8")).toBe("3\n");
  expect(readdirSync(logs)).toEqual(["state.json"]);
});

test("what is not JSON is given as text, and a place that cannot be read is told", async () => {
  const directory = scratchDirectory();
  const path = join(directory, "state.json");
  expect(await readStateFile(path)).toBeUndefined();
  writeFileSync(path, '{"half":');

  expect(await readStateFile(path)).toBe('{"half":');
  await expect(readStateFile(directory)).rejects.toMatchObject({ name: "StoreError" });
});
