import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { listStacks } from "../../infra/spec/parse.ts";
import { CHECKOUT } from "../workspace/paths.ts";
import { renderSpecSchema } from "./spec-schema.ts";

/** The schema as an editor uses it, which ignores unknown formats. */
const validate = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(
  JSON.parse(renderSpecSchema()),
);

/** The problems that an editor shows. */
function problemsOf(spec: unknown): string[] {
  validate(spec);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

const SPEC = {
  system: "shop",
  render: { owner: "tea-00000000000000000000" },
  services: {
    web: { type: "web", source: { image: "nginx" }, plan: "starter", env: { TZ: "UTC" } },
  },
};

test.each(listStacks())("an editor underlines nothing in %s", (stack) => {
  const text = readFileSync(join(CHECKOUT, "stacks", `${stack}.ops.yaml`), "utf8");

  expect(problemsOf(parse(text))).toEqual([]);
});

test("a key that is misspelt or missing is underlined", () => {
  const { render: _render, ...rest } = SPEC;

  expect(problemsOf(SPEC)).toEqual([]);
  expect(problemsOf({ ...SPEC, jbos: {} })).toContain(" must NOT have additional properties");
  expect(problemsOf(rest)).toContain(" must have required property 'render'");
});

test("a spec that extends another may leave keys out and take keys out", () => {
  const extension = {
    extends: "shop",
    environment: "staging",
    services: { web: { plan: "standard", health: null, env: { TZ: null } }, worker: null },
  };

  expect(problemsOf(extension)).toEqual([]);
  expect(problemsOf({ ...extension, services: { web: { paln: "standard" } } })).toContain(
    "/services/web must NOT have additional properties",
  );
});

test("hover shows what a key means, with examples", () => {
  const schema: unknown = JSON.parse(renderSpecSchema());

  expect(schema).toHaveProperty(
    ["definitions", "render", "properties", "region"],
    expect.objectContaining({
      description: expect.stringContaining("Default: oregon"),
      enum: expect.arrayContaining(["oregon", "frankfurt"]),
      examples: ["oregon"],
    }),
  );
});

test("the schema stays a page per noun: what is used several times is defined once", () => {
  const text = renderSpecSchema();

  expect(text.split("\n").length).toBeLessThanOrEqual(2100);
  expect(text).not.toContain("__schema");
});
