import { expect, test } from "vitest";
import { modelOf } from "../testing/spec-text.ts";
import { partName, RENDER_NAME_LENGTH_MAX, serviceName } from "./names.ts";

test.each([
  [1, "vega-cockpit"],
  [2, "vega-cockpit-web"],
  [9, "vega-cockpit-web"],
])("the service web of %i services is named %s", (count, name) => {
  expect(serviceName("vega-cockpit", "web", count)).toBe(name);
});

test("parts are always named with their key", () => {
  expect(partName("vega-cockpit", "digest-weekdays")).toBe("vega-cockpit-digest-weekdays");
});

test("the longest name of Render is accepted and wins over the default", () => {
  const name = "a".repeat(RENDER_NAME_LENGTH_MAX);

  const model = modelOf(`
services:
  web: { type: web, source: { image: nginx }, plan: starter, name: ${name} }
`);

  expect(model.services[0]?.name).toBe(name);
});
