import { expect, test } from "vitest";
import { refusals, wholeRefusals } from "../testing/spec-text.ts";
import { parseStackSpec } from "./parse.ts";

test("a key that is written twice is refused at the second place", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    env: { A: 1 }
    env: { B: 2 }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "10:5   services/web/env: this key is duplicated. Keep one; the other would be ignored.",
    ]
  `);
});

test("a tab as indentation is refused", () => {
  const found = refusals(`
services:
\tweb: {}
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "3:1   a tab is not allowed as indentation. Use spaces.",
    ]
  `);
});

test("text that is no YAML is refused with its place", () => {
  const found = refusals(`
services: { web: [ }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "2:20   is not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]. Correct the syntax.",
      "2:21   is not valid YAML: Flow map in block collection must be sufficiently indented and end with a }. Correct the syntax.",
    ]
  `);
});

test("an anchor that does not exist is no YAML", () => {
  const found = refusals(`
services: *nothing
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "-5:1   is not valid YAML: Unresolved alias (the anchor must be set before the alias): nothing. Correct the syntax.",
    ]
  `);
});

test("a number that reads as another one is refused, because versions are text", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: python
    start: python a.py
    plan: starter
    env: { PYTHON_VERSION: 3.10, MODE: 0640 }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "9:28   services/web/env/PYTHON_VERSION: 3.10 is read as the number 3.1. Quote it if it is text, or write 3.1.",
      "9:40   services/web/env/MODE: 0640 is read as the number 640. Quote it if it is text, or write 640.",
    ]
  `);
});

test("the second copy of a key is not read, so nothing is missed in it", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
  web: { plan: standard }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "9:3   services/web: this key is duplicated. Keep one; the other would be ignored.",
    ]
  `);
});

const ANCHORS = `system: shop
render: { owner: tea-00000000000000000000, region: oregon }
x-node: &node
  type: web
  runtime: node
  plan: starter
  start: node a.js
  env: &env
    A: 1
    B: 2
`;

test("<< adds the keys of anchored blocks at every mapping, and own keys win", () => {
  const loaded = parseStackSpec(
    `${ANCHORS}services:
  web:
    plan: standard
    <<: *node
    source: { repo: "https://example.com/a" }
    env: { <<: [*env], A: 3 }
jobs:
  nightly:
    uses: purge
    in: web
    schedule: { daily: "04:00" }
    options: { <<: { tables: [a], retentionDays: 1 }, retentionDays: 2 }
`,
    "shop.ops.yaml",
  );

  expect(loaded.problems).toEqual([]);
  expect(loaded.spec?.services?.["web"]).toEqual({
    type: "web",
    runtime: "node",
    plan: "standard",
    start: "node a.js",
    source: { repo: "https://example.com/a" },
    env: { A: 3, B: 2 },
  });
  expect(loaded.spec?.jobs?.["nightly"]?.options).toEqual({ tables: ["a"], retentionDays: 2 });
});

test("a wrong value that << adds is refused where it is written", () => {
  const found = wholeRefusals(
    `${ANCHORS.replace("runtime: node", "runtime: nod")}services:
  web:
    <<: *node
    source: { repo: "https://example.com/a" }
`,
  );

  expect(found).toEqual([
    '5:3   services/web/runtime: should be docker, elixir, go, node, python, ruby or rust, got "nod". Did you mean "node"?',
  ]);
});

test("<< of a block in itself and of many blocks at once ends", () => {
  const doubled = Array.from(
    { length: 40 },
    (_, n) => `x-b${n + 1}: &b${n + 1} { <<: [*b${n}, *b${n}] }`,
  );

  expect(wholeRefusals(`x-a: &a { <<: *a }\n${ANCHORS}`)).toHaveLength(1);
  expect(wholeRefusals(`x-b0: &b0 { A: 1 }\n${doubled.join("\n")}\n${ANCHORS}`)).toHaveLength(1);
});

test("an x- block anywhere but at the top level is refused, also in free-form blocks", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    x-common: { A: 1 }
  x-api: { type: web }
jobs:
  nightly:
    uses: purge
    in: web
    schedule: { daily: "04:00" }
    options: { x-common: [a], tables: [a], retentionDays: 1 }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "9:5   services/web/x-common: x- blocks, which only hold anchors, are possible at the top level only. Move it there.",
      "10:3   services/x-api: should not start with x-, which marks blocks at the top level that only hold anchors, got "x-api".",
      "16:16   jobs/nightly/options/x-common: should not start with x-, which marks blocks at the top level that only hold anchors, got "x-common".",
    ]
  `);
});
