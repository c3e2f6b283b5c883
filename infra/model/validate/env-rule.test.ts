import { expect, test } from "vitest";
import { refusals } from "../../testing/spec-text.ts";

test("a required variable that a service does not have is refused", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    env: { A: 1 }
envRules:
  - { require: [A, B], services: [web] }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "9:5   services/web/env: B is missing, which envRules/0 requires. Set it, or take the service out of the rule.",
    ]
  `);
});

test("one of several must be set", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
envRules:
  - { oneOf: [JWT_SECRET, API_JWT_SECRET] }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "3:3   services/web/env: none of JWT_SECRET, API_JWT_SECRET is set, and envRules/0 requires one. Set one of them.",
    ]
  `);
});

test("header authentication that is switched on in production is refused", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    env: { ALLOW_HEADER_AUTH: 1 }
envRules:
  - { forbid: ALLOW_HEADER_AUTH, in: production }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "9:12   services/web/env/ALLOW_HEADER_AUTH: is on, which is forbidden in production. Remove it, or set it to "0".",
    ]
  `);
});

test("a short value and a value that everybody knows are refused without the value", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    env: { ADMIN_USER: Admin }
envRules:
  - { variable: ADMIN_USER, minLength: 8, weak: [admin] }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "9:12   services/web/env/ADMIN_USER: is a well-known value. Choose another.",
      "9:12   services/web/env/ADMIN_USER: is too short: 5 of at least 8 characters. Choose a longer value.",
    ]
  `);
});

test("what turns authentication off in production is refused without a rule", () => {
  const found = refusals(`
envGroups:
  g: { env: { SKIP_AUTH: "Yes" } }
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    env: { ALLOW_HEADER_AUTH: "on", AUTH_DISABLED: "0" }
jobs:
  a: { uses: http, options: { url: "https://example.com" }, schedule: { every: 6h }, in: web, env: { DISABLE_AUTH: true } }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "3:15   envGroups/g/env/SKIP_AUTH: turns authentication off in production. Remove it, or set it to "0".",
      "11:12   services/web/env/ALLOW_HEADER_AUTH: turns authentication off in production. Remove it, or set it to "0".",
      "13:102   jobs/a/env/DISABLE_AUTH: turns authentication off in production. Remove it, or set it to "0".",
    ]
  `);
});

test("staging may turn authentication off", () => {
  const found = refusals(`
environment: staging
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    env: { SKIP_AUTH: 1 }
`);

  expect(found).toMatchInlineSnapshot(`[]`);
});

test("a forbidden switch of a job is refused", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
jobs:
  a: { uses: http, options: { url: "https://example.com" }, schedule: { every: 6h }, in: web, env: { DEBUG: 1 } }
envRules:
  - { forbid: DEBUG, in: production, services: [web] }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "10:102   jobs/a/env/DEBUG: is on, which is forbidden in production. Remove it, or set it to "0".",
    ]
  `);
});
