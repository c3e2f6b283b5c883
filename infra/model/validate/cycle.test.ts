import { expect, test } from "vitest";
import { refusals } from "../../testing/spec-text.ts";

test("builds that wait for each other's URL are refused", () => {
  const found = refusals(`
services:
  a:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    env: { B: { url: b, buildTime: true } }
  b:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    env: { A: { url: a, buildTime: true } }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "9:12   services/a/env/B: the builds of "a" and "b" wait for each other's URL. Give one of them a domain, or take buildTime from one of the references.",
    ]
  `);
});
