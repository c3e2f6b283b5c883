import { expect, test } from "vitest";
import { refusals } from "../../testing/spec-text.ts";

test("a name over Render's limit is refused", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "9:5   services/web/name: its name on Render, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", has 59 characters and may have 58. Give it a shorter name: or key.",
    ]
  `);
});

test("two things with one name on Render are refused", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    name: shop-digest
jobs:
  digest: { uses: http, schedule: { every: 1h }, on: render }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "11:3   jobs/digest: has the name "shop-digest" on Render, which services/web has too. Give one of them another name:.",
    ]
  `);
});
