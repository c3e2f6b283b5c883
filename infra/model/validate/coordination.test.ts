import { expect, test } from "vitest";
import { refusals } from "../../testing/spec-text.ts";

const stack = (service: string, rest = ""): string =>
  `
databases: { main: { version: 17, plan: basic_1gb } }
services:
  web: { type: web, source: { repo: "https://example.com/a" }, runtime: node, start: node a.js, plan: starter, ${service} }
jobs:
  sweep: { command: node sweep.js, schedule: { every: 1h }, in: web }
  byHand: { command: node x.js, schedule: { manual: true }, in: web }
${rest}`.replace("byHand", "by-hand");

test("several instances in production that would each run a job are refused", () => {
  expect(refusals(stack("instances: 2"))).toMatchInlineSnapshot(`
    [
      "4:3   services/web/stores/coordination: is missing: each of its instances would run sweep. Set it to { database: … } or { keyValue: … }, or use one instance.",
    ]
  `);
  expect(refusals(stack("autoscale: { min: 1, max: 3, cpuPercent: 70 }"))).toHaveLength(1);
});

test.each([
  ["one instance", "instances: 1", ""],
  ["a store of the service", "instances: 2, stores: { coordination: { database: main } }", ""],
  ["a store of the stack", "instances: 2", "stores: { coordination: { database: main } }"],
  ["staging", "instances: 2", "environment: staging"],
])("%s runs each time of a job once, or may not", (_what, service, rest) => {
  expect(refusals(stack(service, rest))).toEqual([]);
});
