import { expect, test } from "vitest";
import { refusals } from "../../testing/spec-text.ts";

function refusalsOf(rule: string, service = ""): string[] {
  return refusals(`
secrets: [HOOK]
alerts:
  channels: { ops: { webhook: { secret: HOOK } } }
  rules: { it: ${rule} }
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    build: npm ci
    start: node a.js
    plan: starter
    supervise: true
    checks: { loop: { heartbeat: loop, within: 1m } }
    ${service}
`).filter((it) => it.includes("alerts/rules"));
}

test("a rule about a check names one of its service, unless a preset adds checks", () => {
  expect(refusalsOf("{ check: loop, in: web, for: 1m }")).toEqual([]);
  expect(refusalsOf("{ check: lop, in: web }")).toMatchInlineSnapshot(`
    [
      "5:18   alerts/rules/it/check: "web" has no check "lop". Did you mean "loop"?",
    ]
  `);
  expect(refusalsOf("{ check: database, in: web }")).toMatchInlineSnapshot(`
    [
      "5:18   alerts/rules/it/check: "web" has no check "database". Declare it under services/web/checks.",
    ]
  `);
  expect(refusalsOf("{ check: database, in: web }", "healthPreset: chorizaurio")).toEqual([]);
});

test("a rule without a condition is refused", () => {
  expect(refusalsOf("{ metric: depth, in: web }")).toMatchInlineSnapshot(`
    [
      "5:12   alerts/rules/it: has no condition, so it never fires. Add above, below, growth or ratePerMinute.",
    ]
  `);
  expect(refusalsOf("{ metric: depth, in: web, below: 1 }")).toEqual([]);
  expect(refusalsOf("{ event: order, in: web, above: many }").join()).not.toContain("no condition");
});
