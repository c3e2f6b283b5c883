import { expect, test } from "vitest";
import { refusals } from "../../testing/spec-text.ts";

test("an internal address in another region is refused", () => {
  const found = refusals(`
databases:
  main: { version: 16, plan: free, region: frankfurt }
keyValues:
  q: { plan: free, region: ohio }
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    env: { A: { database: main }, B: { keyValue: q } }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "13:12   services/web/env/A: "web" is in oregon and "main" in frankfurt: its internal address cannot be reached. Use the same region for both, or use property: externalUrl.",
      "13:35   services/web/env/B: "web" is in oregon and "q" in ohio: its internal address cannot be reached. Use the same region for both, or use property: externalUrl.",
    ]
  `);
});

test("a job cannot reach a store of another region", () => {
  const found = refusals(`
databases:
  main: { version: 16, plan: free, region: frankfurt }
keyValues:
  q: { plan: free, region: ohio }
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
jobs:
  a: { uses: http, options: { url: "https://example.com" }, schedule: { every: 6h }, on: render, env: { A: { database: main } } }
  b: { uses: http, options: { url: "https://example.com" }, schedule: { every: 6h }, in: web, env: { B: { keyValue: q } } }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "14:105   jobs/a/env/A: "a" is in oregon and "main" in frankfurt: its internal address cannot be reached. Use the same region for both, or use property: externalUrl.",
      "15:102   jobs/b/env/B: "b" is in oregon and "q" in ohio: its internal address cannot be reached. Use the same region for both, or use property: externalUrl.",
    ]
  `);
});

test("an env group is looked at with each service and job that uses it", () => {
  const found = refusals(`
databases:
  main: { version: 16, plan: free, region: frankfurt }
keyValues:
  q: { plan: free, region: ohio }
envGroups:
  g: { env: { A: { database: main } } }
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    envGroups: [g]
  near:
    type: worker
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    region: frankfurt
    envGroups: [g]
jobs:
  a: { uses: http, options: { url: "https://example.com" }, schedule: { every: 6h }, on: render, envGroups: [g] }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "7:15   envGroups/g/env/A: "a" is in oregon and "main" in frankfurt: its internal address cannot be reached. Use the same region for both, or use property: externalUrl.",
      "7:15   envGroups/g/env/A: "web" is in oregon and "main" in frankfurt: its internal address cannot be reached. Use the same region for both, or use property: externalUrl.",
    ]
  `);
});

test("a private URL ends at the region", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    region: ohio
  api:
    type: private
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    env: { A: { privateUrl: web } }
jobs:
  a: { uses: http, options: { url: "https://example.com" }, schedule: { every: 6h }, on: render, env: { A: { privateUrl: api }, B: { privateUrl: web } } }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "16:12   services/api/env/A: "api" is in oregon and "web" in ohio: its internal address cannot be reached. Use the same region for both, or use { url: web }.",
      "18:129   jobs/a/env/B: "a" is in oregon and "web" in ohio: its internal address cannot be reached. Use the same region for both, or use { url: web }.",
    ]
  `);
});

test("a job that calls a service is made in the region of that service", () => {
  const found = refusals(`
databases:
  main: { version: 16, plan: free, region: frankfurt }
keyValues:
  q: { plan: free, region: ohio }
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    region: frankfurt
jobs:
  a: { uses: http, options: { url: "https://example.com" }, schedule: { every: 6h }, on: render, calls: web, env: { A: { database: main } } }
`);

  expect(found).toMatchInlineSnapshot(`[]`);
});
