import { expect, test } from "vitest";
import { refusals } from "../../testing/spec-text.ts";

test("an earlier key that still exists, or was taken over twice, is refused", () => {
  const found = refusals(`
services:
  a:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    formerly: b
  b:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
  c:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    formerly: [old]
  d:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    formerly: old
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "9:5   services/a/formerly: "b" is still a key here. Remove one of the two.",
      "29:5   services/d/formerly: "old" became "c" already. Only one key can keep the resource.",
    ]
  `);
});

test("an overlay that changes nothing, or a secret, is refused", () => {
  const found = refusals(`
secrets: { TOKEN: {} }
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    env: { A: 1, TOKEN: { secret: TOKEN } }
overlays:
  x: { description: d, env: { B: 1, TOKEN: x } }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "12:31   overlays/x/env/B: has no effect: no service sets it. Set its usual value in the service, or correct the name.",
      "12:37   overlays/x/env/TOKEN: is a secret, and overlays are stored in clear text. Set the secret instead.",
    ]
  `);
});
