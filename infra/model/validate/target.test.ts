import { expect, test } from "vitest";
import { refusals } from "../../testing/spec-text.ts";

test("a worker has no URL of any kind, a private service no public one", () => {
  const found = refusals(`
services:
  a:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    env: { W: { url: w }, P: { url: p }, Q: { privateUrl: w } }
  w:
    type: worker
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
  p:
    type: private
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "9:17   services/a/env/W/url: "w" is a worker and has no public URL. Make it a web service.",
      "9:32   services/a/env/P/url: "p" is a private service and has no public URL. Use { privateUrl: p }.",
      "9:47   services/a/env/Q/privateUrl: "w" is a worker and cannot be reached over the private network. Make it a private service.",
    ]
  `);
});

test("a static site is not in the private network", () => {
  const found = refusals(`
services:
  a:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    env: { S: { privateUrl: s } }
  s: { type: static, source: { repo: "https://example.com/a" }, build: make }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "9:17   services/a/env/S/privateUrl: "s" is a static site and cannot be reached over the private network. Use { url: s }.",
    ]
  `);
});

test("an env group cannot wait for the URL of a service", () => {
  const found = refusals(`
envGroups:
  g: { env: { U: { url: web } } }
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    envGroups: [g]
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "3:15   envGroups/g/env/U: an env group is created before "web" and cannot have its URL. Set the variable in the services, or give the service a domain.",
    ]
  `);
});

test("verify cannot ask a worker", () => {
  const found = refusals(`
services:
  web:
    type: worker
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
verify:
  - { http: web }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "10:7   verify/0/http: "web" is a worker and cannot be reached from outside. Check a web service, or a job.",
    ]
  `);
});

test("two services cannot have one domain", () => {
  const found = refusals(`
services:
  a:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    domains: [www.example.com]
  b:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    domains: [x.example.com, www.example.com]
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "16:30   services/b/domains/1: "www.example.com" belongs to "a" already. Give each its own domain.",
    ]
  `);
});

test("a container on a VM cannot use the private network, and has a URL only with a name", () => {
  const found = refusals(`
vms:
  main: { address: 203.0.113.10, hostKey: "ssh-ed25519 AAAA", key: { secret: KEY } }
secrets: { KEY: {} }
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
  box: { type: container, source: { image: nginx }, port: 80, env: { A: { privateUrl: web }, B: { url: box } } }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "12:75   services/box/env/A/privateUrl: "box" runs on a VM, outside of Render's private network. Use { url: web }.",
      "12:99   services/box/env/B/url: "box" runs on a VM and has no public URL yet. Add a record for it under edge/domains.",
    ]
  `);
});
