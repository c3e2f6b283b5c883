import { expect, test } from "vitest";
import { growthOf, RATIO_MAX } from "../runtime/testing/growth.ts";
import { SpecError } from "./errors.ts";
import { parseStackSpec } from "./spec/parse.ts";
import { resolveStack } from "./stack.ts";

/** Times below this are noise, so they count as this. */
const NOISE_MS = 10;

const HEAD = `system: shop
render: { owner: tea-00000000000000000000, region: oregon }
services:
  web:
    type: web
    source: { repo: "https://github.com/example/app" }
    runtime: node
    build: npm ci
    start: node a.js
    plan: starter
    supervise: false
`;

/** Lines of about 25 characters, `size` characters in total. */
function lines(size: number, line: (index: number) => string): string {
  return Array.from({ length: size / 25 }, (_, index) => `${line(index)}\n`).join("");
}

const TEXTS: Readonly<Record<string, (size: number) => string>> = {
  "a value of letters": (size) => `${HEAD}    env: { A: "${"a".repeat(size)}" }\n`,
  "a value of schemes": (size) => `${HEAD}    env: { A: "${"a+".repeat(size / 2)}:" }\n`,
  "a value of URLs": (size) => `${HEAD}    env: { A: "${"http://a:".repeat(size / 9)}" }\n`,
  "a value of separators": (size) => `${HEAD}    env: { A: "${",a://b:".repeat(size / 7)}" }\n`,
  "a path of dots": (size) => `${HEAD}    health: "${"/..".repeat(size / 3)} "\n`,
  "a directory of dots": (size) =>
    `${HEAD}    disk: { mount: "${"/.a".repeat(size / 3)} ", sizeGb: 1, persist: ["${"../".repeat(size / 3)} "] }\n`,
  "host names": (size) =>
    `${HEAD}    domains: ["${"a-".repeat(size / 2)}", "${"a.".repeat(size / 2)}"]\n`,
  "a word that is not a preset": (size) => `${HEAD}    healthPreset: ${"a".repeat(size)}\n`,
  "a cron pattern": (size) =>
    `${HEAD}jobs: { j: { uses: purge, in: web, schedule: { cron: "${"1,".repeat(size / 2)}1 * * * *" } } }\n`,
  "a duration": (size) =>
    `${HEAD}jobs: { j: { uses: purge, in: web, schedule: { every: "${"1".repeat(size)}" } } }\n`,
  ranges: (size) => `${HEAD}    allowList: ["${"1.".repeat(size / 2)}", "${":".repeat(size)}"]\n`,
  "wrong keys at the top": (size) => HEAD + lines(size, (it) => `wrong-key-number${it}: 1`),
  "wrong keys of a service": (size) => HEAD + lines(size, (it) => `    wrong${it}: 1`),
  "wrong variables": (size) => `${HEAD}    env:\n${lines(size, (it) => `      wrong-${it}: 1`)}`,
  "wrong services": (size) => HEAD + lines(size, (it) => `  web${it}: { typ: web, paln: a }`),
  "wrong checks": (size) => `${HEAD}verify:\n${lines(size, (it) => `  - { htp: web${it} }`)}`,
  "unknown secrets": (size) =>
    `${HEAD}    env:\n${lines(size, (it) => `      A${it}: { secret: B${it} }`)}`,
  "the same key": (size) => HEAD + lines(size, () => "    plan: starter"),
  aliases: (size) => `x-a: &a { A: 1 }\n${HEAD}    env:\n${lines(size, () => "      <<: *a")}`,
};

test.each(Object.entries(TEXTS))(
  "the time to validate %s grows with their length, not with its square",
  (_, write) => {
    expect(growthOf(write, validate, NOISE_MS)).toBeLessThan(RATIO_MAX);
  },
);

function validate(text: string): void {
  try {
    resolveStack("shop", parseStackSpec(text, "shop.ops.yaml"));
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
  }
}
