import { expect, test } from "vitest";
import { modelOf, SPEC_HEAD, wholeRefusals } from "../testing/spec-text.ts";
import { type FindStack, parseStackSpec } from "./parse.ts";

const BASE = `${SPEC_HEAD}
secrets: { TOKEN: {} }
services:
  web:
    type: web
    source: { repo: "https://example.com/a", branch: main }
    runtime: node
    start: node a.js
    plan: standard
    domains: [www.example.com]
    env: { A: { secret: TOKEN }, B: 1, C: 2 }
jobs:
  report: { uses: http, schedule: { every: 1h }, on: render }
`;

const find: FindStack = (name) =>
  name === "base" ? { text: BASE, file: "base.ops.yaml" } : undefined;

test("what a stack says wins, and everything else is taken from the one that it extends", () => {
  const model = modelOf(
    `
extends: base
environment: staging
services:
  web: { plan: starter, env: { A: plain, B: null } }
jobs: { report: null }
`,
    find,
  );

  expect(model.environment).toBe("staging");
  expect(model.services[0]).toMatchObject({
    plan: "starter",
    domains: ["www.example.com"],
    env: { A: { kind: "text", text: "plain" }, C: { kind: "text", text: "2" } },
  });
  expect(model.services[0]?.env).not.toHaveProperty("B");
  expect(model.jobs).toEqual([]);
});

test("a source is replaced as a whole, so that two forms never mix", () => {
  const { spec } = parseStackSpec(
    "extends: base\nservices: { web: { runtime: null, start: null, source: { image: nginx } } }",
    "own.ops.yaml",
    find,
  );

  expect(spec?.services?.["web"]?.source).toEqual({ image: "nginx" });
});

test("a problem is told at the place where its part was written, in either file", () => {
  const found = wholeRefusals(
    `
extends: base
services:
  web: { plan: free, instances: 2 }
verify:
  - { http: wbe }
secrets: { TOKEN: { weak: x } }
`,
    (name) => {
      const base = find(name);
      return base && { ...base, text: base.text.replace("every: 1h", "evry: 1h") };
    },
  );

  expect(found).toMatchInlineSnapshot(`
    [
      "base.ops.yaml:19:37   jobs/report/schedule/evry: is not a key here. Did you mean "every"?",
      "4:22   services/web/instances: a service on the free plan has one instance. Use plan: starter or a larger one.",
      "6:7   verify/0/http: there is no service "wbe". Did you mean "web"?",
      "7:21   secrets/TOKEN/weak: should be a list.",
    ]
  `);
});

test("stacks that extend each other in a circle are refused", () => {
  const found = wholeRefusals("extends: shop\n", () => ({
    text: "extends: shop\n",
    file: "shop.ops.yaml",
  }));

  expect(found[0]).toBe('1:1   extends: "shop" extends this stack itself. Correct the name.');
});
