import { expect, test } from "vitest";
import { parseStackSpec } from "../spec/parse.ts";
import { resolveStack } from "../stack.ts";
import { SPEC_HEAD } from "../testing/spec-text.ts";

const loaded = parseStackSpec(
  `${SPEC_HEAD}
envGroups: { shared: { env: { S3: usual, KEEP: 1 } } }
services:
  a: { type: worker, source: { image: nginx }, plan: starter, envGroups: [shared], env: { RETRIES: 3 } }
  b: { type: worker, source: { image: nginx }, plan: starter, env: { RETRIES: 3 } }
overlays:
  outage: { description: S3 is down., env: { S3: backup, RETRIES: 1 } }
  slow: { description: Less., env: { RETRIES: 1 }, services: [a] }
`,
  "shop.ops.yaml",
);

const valuesOf = (overlay?: string) => {
  const { services, envGroups } = resolveStack("shop", loaded, overlay).model;
  const texts = [...services, ...envGroups].map(({ key, env }) => [
    key,
    Object.values(env).map((it) => (it.kind === "text" ? it.text : it.kind)),
  ]);
  return Object.fromEntries(texts);
};

test("an overlay changes its variables wherever they are set and nothing else", () => {
  expect(valuesOf()).toEqual({ a: ["3"], b: ["3"], shared: ["1", "usual"] });
  expect(valuesOf("outage")).toEqual({ a: ["1"], b: ["1"], shared: ["1", "backup"] });
});

test("an overlay for some services leaves the others alone", () => {
  expect(valuesOf("slow")).toEqual({ a: ["1"], b: ["3"], shared: ["1", "usual"] });
});

test("an overlay that does not exist is refused with the nearest", () => {
  expect(() => valuesOf("outtage")).toThrow(
    'shop.ops.yaml: there is no overlay "outtage". Did you mean "outage"?',
  );
});
