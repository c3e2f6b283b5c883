import { expect, test } from "vitest";
import { refusals } from "../../testing/spec-text.ts";

test("autoscaling needs bounds in order, a load, and no fixed number beside it", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    instances: 2
    autoscale: { min: 3, max: 1 }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "9:5   services/web/instances: is ignored while autoscale is on. Keep one of them.",
      "10:5   services/web/autoscale: has no target. Set cpuPercent, memoryPercent or both.",
      "10:26   services/web/autoscale/max: is smaller than min, got 1 < 3. Swap them.",
    ]
  `);
});

test("the free plan has one instance, no pre-deploy command and only web services", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: free
    instances: 2
    preDeploy: make
  w:
    type: worker
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: free
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "9:5   services/web/instances: a service on the free plan has one instance. Use plan: starter or a larger one.",
      "10:5   services/web/preDeploy: the free plan runs no pre-deploy command. Use plan: starter or a larger one.",
      "16:5   services/w/plan: only a web service can be on the free plan. Use plan: starter or a larger one.",
    ]
  `);
});

test("Render waits at most five minutes for an end", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    shutdown: 10m
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "9:5   services/web/shutdown: Render waits at most 300s, got "10m". Use a shorter time, also for the work that must finish in it.",
    ]
  `);
});
