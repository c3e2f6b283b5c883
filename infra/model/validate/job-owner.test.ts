import { expect, test } from "vitest";
import { refusals } from "../../testing/spec-text.ts";

test("a job without an owner is refused", () => {
  const found = refusals(`
jobs:
  a: { uses: http, schedule: { every: 1h } }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "3:3   jobs/a: has no owner. Set the owner: in: <service>, on: render, on: vm or by: app.",
    ]
  `);
});

test("a job with two owners is refused, because it would run twice", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
jobs:
  a: { uses: http, schedule: { every: 1h }, in: web, on: render }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "10:54   jobs/a/on: has two owners, in: web and on: render: it would run twice. Keep one.",
    ]
  `);
});

test("keys of another owner are refused", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
jobs:
  a: { uses: http, schedule: { every: 1h }, in: web, calls: web, like: web, plan: starter, of: web }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "10:54   jobs/a/calls: is only for jobs with on: render. Remove it, or use on: render.",
      "10:66   jobs/a/like: is only for jobs with on: render. Remove it, or use on: render.",
      "10:77   jobs/a/plan: is only for jobs with on: render. Remove it, or use on: render.",
      "10:92   jobs/a/of: is only for jobs with by: app. Remove it, or use by: app.",
    ]
  `);
});

test("a worker cannot be called", () => {
  const found = refusals(`
services:
  web:
    type: worker
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
jobs:
  a: { uses: http, schedule: { every: 1h }, on: render, calls: web }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "10:57   jobs/a/calls: nothing can call "web", which is of type worker. Call a web or private service, or use in: with a worker.",
    ]
  `);
});

test("a service without the runtime runs no job", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: docker
    plan: starter
jobs:
  a: { uses: http, schedule: { every: 1h }, in: web }
  b: { uses: http, schedule: { every: 1h }, on: render, calls: web }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "9:45   jobs/a/in: "web" does not run under the runtime, so nothing there can run the job. Set supervise: true in services/web; its image must then have /opt/opspec.",
      "10:57   jobs/b/calls: "web" does not run under the runtime, so nothing there can run the job. Set supervise: true in services/web; its image must then have /opt/opspec.",
    ]
  `);
});

test("a static site runs no job", () => {
  const found = refusals(`
services:
  s: { type: static, source: { repo: "https://example.com/a" }, build: make }
jobs:
  a: { uses: http, schedule: { every: 1h }, in: s }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "5:45   jobs/a/in: "s" is a static site and runs nothing. Name another service.",
    ]
  `);
});

test("a job of the app names its service when there are several", () => {
  const found = refusals(`
services:
  a:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
  b:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
jobs:
  j: { schedule: { every: 1h }, by: app }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "16:3   jobs/j/of: is missing; there are several services. Name the service whose app runs the job.",
    ]
  `);
});

test("a job on a VM needs one", () => {
  const found = refusals(`
jobs:
  a: { uses: http, schedule: { every: 1h }, on: vm }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "3:45   jobs/a/on: there is no VM in this stack. Declare one under vms, or choose another owner.",
    ]
  `);
});
