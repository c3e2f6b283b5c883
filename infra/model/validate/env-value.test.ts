import { expect, test } from "vitest";
import { refusals } from "../../testing/spec-text.ts";

test("localhost in production is refused, wherever it hides", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    env: { A: "http://localhost:3000", B: "https://a.example.com, http://127.0.0.1", C: "redis://user@[::1]:6379" }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "9:12   services/web/env/A: points to this machine in production, got "http://localhost:3000". Use { url: <service> } or the real address.",
      "9:40   services/web/env/B: points to this machine in production, got "http://127.0.0.1". Use { url: <service> } or the real address.",
      "9:86   services/web/env/C: points to this machine in production, got "redis://[::1]:6379". Use { url: <service> } or the real address.",
    ]
  `);
});

test("clear-text http in production is refused, without repeating path and query", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    env: { A: "http://api.example.com/v1?token=abc" }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "9:12   services/web/env/A: is a clear-text http URL in production, got "http://api.example.com". Use https, or { url: <service> }.",
    ]
  `);
});

test("a URL with a password is refused without the password", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    env: { DATABASE_URL: "postgres://app:hunter2@db.example.com/app" }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "9:12   services/web/env/DATABASE_URL: has a password in clear text. Declare a secret for the whole URL and change the password, which is in the history of this file.",
    ]
  `);
});

test("names of Render and of the runtime are refused", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    env: { RENDER_EXTERNAL_URL: x, OPSPEC_MANIFEST: y, IS_PULL_REQUEST: true }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "9:12   services/web/env/RENDER_EXTERNAL_URL: is set by Render. Use another name.",
      "9:36   services/web/env/OPSPEC_MANIFEST: is set by the runtime. Use another name.",
      "9:56   services/web/env/IS_PULL_REQUEST: is set by Render. Use another name.",
    ]
  `);
});

test("a PORT that differs from port is refused", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    port: 8080
    env: { PORT: 9090 }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "10:12   services/web/env/PORT: differs from port: 8080. Remove it; port: sets PORT.",
    ]
  `);
});

test("a secret file with the name of the manifest is refused", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    secretFiles: { opspec-manifest.json: { text: x } }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "9:20   services/web/secretFiles/opspec-manifest.json: is the name of the runtime's manifest. Use another name.",
    ]
  `);
});

test("URLs inside quotes, brackets and lists are found", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    env: { A: '["http://b.example.com"]', B: "https://a.example.com,http://0.0.0.0:80", C: "[http://[::1]:80]", D: '["postgres://app:hunter2@db.example.com/app"]' }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "9:12   services/web/env/A: is a clear-text http URL in production, got "http://b.example.com". Use https, or { url: <service> }.",
      "9:43   services/web/env/B: points to this machine in production, got "http://0.0.0.0:80". Use { url: <service> } or the real address.",
      "9:89   services/web/env/C: points to this machine in production, got "http://[::1]:80". Use { url: <service> } or the real address.",
      "9:113   services/web/env/D: has a password in clear text. Declare a secret for the whole URL and change the password, which is in the history of this file.",
    ]
  `);
});

test("http to a bare name in the private network is allowed", () => {
  const found = refusals(`
services:
  iep-ally-api:
    type: private
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
  web: { type: static, source: { repo: "https://example.com/a" }, build: make, env: { A: "http://iep-ally-api:8080" } }
`);

  expect(found).toMatchInlineSnapshot(`[]`);
});

test("other names that start with RENDER_ are the app's own", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    env: { RENDER_QUALITY: high, RENDERER: webgl }
`);

  expect(found).toEqual([]);
});
