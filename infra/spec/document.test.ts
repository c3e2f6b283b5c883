import { expect, test } from "vitest";
import { refusals } from "../testing/spec-text.ts";

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
