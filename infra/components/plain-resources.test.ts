import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { modelOf } from "../testing/spec-text.ts";
import { registerPlainResources } from "./plain-resources.ts";

const directory = mkdtempSync(join(tmpdir(), "opspec-plain-"));

afterAll(() => rmSync(directory, { recursive: true, force: true }));

const stack = {
  model: modelOf("services: { web: { type: web, source: { image: nginx }, plan: starter } }"),
  outputs: { services: {}, jobs: {}, databases: {}, keyValues: {}, envGroups: {}, registries: {} },
};

function moduleOf(text: string): string {
  const path = join(directory, `${crypto.randomUUID()}.resources.ts`);
  writeFileSync(path, text);
  return path;
}

test("the module's function is called with the stack's model and outputs, in TypeScript as it is", () => {
  const path = moduleOf(
    `export function resources(stack: { model: { system: string } }): void { throw new Error("called for " + stack.model.system); }`,
  );

  expect(() => registerPlainResources(path, stack)).toThrow("called for shop");
});

test("a module without the function is refused by name", () => {
  const path = moduleOf("export const nothing = 1;");

  expect(() => registerPlainResources(path, stack)).toThrow(
    `${path}: exports no function resources(stack). Export one.`,
  );
});
