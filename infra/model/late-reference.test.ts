import { expect, test } from "vitest";
import type { PartialStackSpec } from "../spec/stack.ts";
import { modelOf } from "../testing/spec-text.ts";
import { planReferences } from "./late-reference.ts";

const service = (key: string, extra: string) =>
  `  ${key}: { type: web, source: { image: nginx }, plan: starter, ${extra} }\n`;

const lateOf = (text: string) =>
  modelOf(`services:\n${text}`)
    .services.flatMap((it) => Object.keys(it.lateEnv ?? {}).map((name) => `${it.key}/${name}`))
    .toSorted();

test("of two services that refer to each other, the first by key is made first and set late", () => {
  const model = modelOf(
    `services:\n${service("web", "env: { API: { url: api } }")}${service("api", "env: { WEB: { url: web }, X: 1 }")}`,
  );

  const api = model.services.find((it) => it.key === "api");
  expect(api?.env).toEqual({ X: { kind: "text", text: "1" } });
  expect(api?.lateEnv).toEqual({ WEB: { kind: "reference", service: "web", property: "url" } });
  expect(model.services.find((it) => it.key === "web")?.lateEnv).toBeUndefined();
  expect(model.notes).toEqual([
    'services/api/env/WEB is set after "web" exists, because they refer to each other.',
  ]);
});

test("what a build needs is never the late one", () => {
  const model = modelOf(
    `services:\n${service("a", "env: { B: { url: b, buildTime: true } }")}${service("b", "env: { A: { url: a } }")}`,
  );

  expect(model.services.map((it) => [it.key, Object.keys(it.lateEnv ?? {})])).toEqual([
    ["a", []],
    ["b", ["A"]],
  ]);
});

test("a declared domain is known before the service, so nothing is late", () => {
  const model = modelOf(
    `services:\n${service("a", "domains: [a.example.com], env: { B: { url: b } }")}${service("b", "env: { A: { url: a, path: /x } }")}`,
  );

  expect(model.services.find((it) => it.key === "b")?.env).toEqual({
    A: { kind: "text", text: "https://a.example.com/x" },
  });
  expect(model.notes).toEqual([]);
});

test("a service's own address is set late", () => {
  const model = modelOf(
    `services:\n${service("a", "port: 8080, env: { SELF: { privateUrl: a } }")}`,
  );

  expect(model.services[0]?.lateEnv).toEqual({
    SELF: { kind: "reference", service: "a", property: "privateUrl", port: 8080 },
  });
});

test("the order in the file changes nothing", () => {
  const a = service("a", "env: { C: { url: c } }");
  const b = service("b", "env: { A: { url: a } }");
  const c = service("c", "env: { B: { url: b } }");

  expect(lateOf(a + b + c)).toEqual(["a/C"]);
  expect(lateOf(c + b + a)).toEqual(["a/C"]);
});

test("a hundred services in one circle have one late reference", () => {
  const circle = Array.from({ length: 100 }, (_, index) =>
    service(`s${index}`, `env: { NEXT: { url: s${(index + 1) % 100} } }`),
  );

  expect(modelOf(`services:\n${circle.join("")}`).notes).toHaveLength(1);
});

test("a circle of thousands of services is planned", () => {
  const count = 20_000;
  const services: PartialStackSpec["services"] = Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `s${index}`,
      { type: "web", env: { NEXT: { url: `s${(index + 1) % count}` } } },
    ]),
  );

  expect(planReferences({ services }).late).toHaveLength(1);
});
