import { expect, test } from "vitest";
import { refusals } from "../../testing/spec-text.ts";

test("a workspace plan is no plan of an instance", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: hobby
databases:
  main: { version: 16, plan: professional }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "8:5   services/web/plan: That is a workspace plan; use starter.",
      "10:24   databases/main/plan: That is a workspace plan; use basic_256mb.",
    ]
  `);
});

test("a misspelt plan names the nearest", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starterr
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "8:5   services/web/plan: there is no plan "starterr". Did you mean "starter"?",
    ]
  `);
});

test("a plan that resembles none is accepted, because the vendor adds plans", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: 1c-2g
`);

  expect(found).toMatchInlineSnapshot(`[]`);
});

test("another spelling of a plan names the one of the API", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: Standard
  api:
    type: private
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: pro plus
databases:
  main: { version: 16, plan: basic-256mb }
  other: { version: 16, plan: Pro-8GB }
  new: { version: 16, plan: 0.5c-1g }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "8:5   services/web/plan: there is no plan "Standard". Did you mean "standard"?",
      "14:5   services/api/plan: there is no plan "pro plus". Did you mean "pro_plus"?",
      "16:24   databases/main/plan: there is no plan "basic-256mb". Did you mean "basic_256mb"?",
      "17:25   databases/other/plan: there is no plan "Pro-8GB". Did you mean "pro_8gb"?",
    ]
  `);
});
