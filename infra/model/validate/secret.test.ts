import { expect, test } from "vitest";
import { refusals } from "../../testing/spec-text.ts";

test("a secret in clear text is refused without the text", () => {
  const found = refusals(`
secrets: { TOKEN: {} }
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    env: { TOKEN: hunter2 }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "10:12   services/web/env/TOKEN: is declared as a secret but written here in clear text. Use { secret: TOKEN }, and rotate the value, because the history of this file contains it.",
    ]
  `);
});

test("a shared secret with two values is refused", () => {
  const found = refusals(`
secrets: { API_JWT_SECRET: {}, OTHER: {} }
services:
  api:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    env: { API_JWT_SECRET: { secret: API_JWT_SECRET } }
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    env: { API_JWT_SECRET: { secret: OTHER } }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "17:12   services/web/env/API_JWT_SECRET: has the secret "OTHER", while "API_JWT_SECRET" is a secret of this stack: two values for one name. Use { secret: API_JWT_SECRET }, or rename one of them.",
    ]
  `);
});

test("an alias that is a secret of its own is refused", () => {
  const found = refusals(`
secrets: { A: { aliases: [B] }, B: {} }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "2:27   secrets/A/aliases/0: "B" is a secret of its own. Remove one of them.",
    ]
  `);
});

test("two ways to a value are refused", () => {
  const found = refusals(`
secrets: { A: { from: { command: [op] }, generate: { bytes: 32 } } }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "2:42   secrets/A/generate: cannot be combined with from. Keep one way to the value.",
    ]
  `);
});

test("a secret that only a file uses is still declared", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    secretFiles: { a: { secret: NOPE } }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "9:25   services/web/secretFiles/a/secret: there is no secret "NOPE". Declare it under secrets, or correct the name.",
    ]
  `);
});

test("a value under the name of a secret is refused without the value", () => {
  const found = refusals(`
envGroups:
  g: { env: { DB_PASSWORD: hunter2 } }
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    env: { STRIPE_API_KEY: hunter2, X_TOKEN: { value: hunter2 } }
jobs:
  a: { uses: http, options: { url: "https://example.com" }, schedule: { every: 6h }, in: web, env: { JWT_SECRET: hunter2 } }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "3:15   envGroups/g/env/DB_PASSWORD: contains a secret in clear text. Use { secret: NAME } and set its value as configuration.",
      "11:12   services/web/env/STRIPE_API_KEY: contains a secret in clear text. Use { secret: NAME } and set its value as configuration.",
      "11:37   services/web/env/X_TOKEN: contains a secret in clear text. Use { secret: NAME } and set its value as configuration.",
      "13:102   jobs/a/env/JWT_SECRET: contains a secret in clear text. Use { secret: NAME } and set its value as configuration.",
    ]
  `);
});

test("what is clearly no secret may stand in clear", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    env: { A_KEY: "", B_KEY: /etc/secrets/key.pem, VAPID_PUBLIC_KEY: abc, AWS_KEY_ID: abc, JOB_DEAD_LETTER_QUEUE: "jobs:dead", NEXT_PUBLIC_MAP_KEY: abc }
`);

  expect(found).toMatchInlineSnapshot(`[]`);
});
