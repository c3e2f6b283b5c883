import { expect, test } from "vitest";
import { refusals } from "../../testing/spec-text.ts";

test("what a kind of service cannot have is refused with the reason", () => {
  const found = refusals(`
services:
  s:
    type: static
    source: { repo: "https://example.com/a" }
    build: make
    plan: starter
    start: x
    disk: { mount: /data, sizeGb: 1 }
  w:
    type: worker
    source: { image: nginx }
    plan: starter
    health: /healthz
    domains: [a.example.com]
    port: 80
  v:
    type: web
    source: { image: nginx }
    plan: starter
    vm: main
    volumes: [{ host: /a, container: /b }]
    routes: []
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "7:5   services/s/plan: a static site cannot have it. It has no instance type. Remove it.",
      "8:5   services/s/start: a static site cannot have it. Files are not started. Remove it.",
      "9:5   services/s/disk: a static site cannot have it. A disk belongs to a process on Render; a container has volumes. Remove it.",
      "14:5   services/w/health: a worker cannot have it. Render polls only web services over HTTP. Remove it.",
      "15:5   services/w/domains: a worker cannot have it. Only web services and static sites have domains on Render. Remove it.",
      "16:5   services/w/port: a worker cannot have it. It listens on no port. Remove it.",
      "21:5   services/v/vm: a web service cannot have it. Only a container runs on a VM. Remove it.",
      "21:5   services/v/vm: there is no VM "main". Declare it under vms, or correct the name.",
      "22:5   services/v/volumes: a web service cannot have it. Only a container has volumes; on Render use disk. Remove it.",
      "23:5   services/v/routes: a web service cannot have it. Only a static site has routes; an app has its own. Remove it.",
    ]
  `);
});

test("a service without a plan is refused, because the default costs money", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "3:3   services/web/plan: is missing. Add it, for example plan: starter; Render's default costs money and changes.",
    ]
  `);
});

test("a native service needs a start command", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: python
    plan: starter
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "3:3   services/web/start: a python service needs a start command. Add start:.",
    ]
  `);
});

test("a repository needs a runtime", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    start: x
    plan: starter
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "3:3   services/web/runtime: is missing. Set how the repository is built, for example runtime: docker.",
    ]
  `);
});

test("an image has neither build nor runtime, and a Dockerfile is the build", () => {
  const found = refusals(`
services:
  a: { type: web, source: { image: nginx }, plan: starter, build: make, runtime: node }
  b: { type: web, source: { repo: "https://example.com/a" }, runtime: docker, plan: starter, build: make }
  c: { type: web, source: { repo: "https://example.com/a" }, runtime: node, start: x, plan: starter, docker: { file: D } }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "3:60   services/a/build: an image is not built. Remove it, or build from a repo:.",
      "3:73   services/a/runtime: an image needs no runtime. Remove it.",
      "4:94   services/b/build: a docker service is built by its Dockerfile. Remove it.",
      "5:102   services/c/docker: is only for runtime: docker. Remove it, or set the runtime.",
    ]
  `);
});

test("a static site says what it publishes", () => {
  const found = refusals(`
services:
  s: { type: static, source: { repo: "https://example.com/a" } }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "3:3   services/s: a static site needs build or publish. Set the directory that it publishes.",
    ]
  `);
});

test("a container needs a VM", () => {
  const found = refusals(`
services:
  box: { type: container, source: { image: nginx } }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "3:3   services/box/vm: there is no VM on which it could run. Declare one under vms.",
    ]
  `);
});

test("a native service without the runtime needs a build command", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    plan: starter
    supervise: false
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "3:3   services/web/build: a node service needs a build command. Add build:.",
      "3:3   services/web/start: a node service needs a start command. Add start:.",
    ]
  `);
});
