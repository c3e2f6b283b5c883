import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..");

/** Files that each break one rule, or, without a rule, none. */
const PLANTED: readonly (readonly [path: string, text: string, ...rules: string[]])[] = [
  ["infra/spec/a.ts", `import "../model/pure.ts";`, "spec"],
  ["infra/spec/b.ts", `import "node:fs";`, "spec-parses-in-one-place"],
  ["infra/spec/parse.ts", `import "node:fs"; import "zod"; import "yaml";`],
  ["infra/model/pure.ts", `import type { A } from "../spec/plain.ts"; export type B = A;`],
  ["infra/spec/plain.ts", `export type A = string;`],
  ["infra/model/a.ts", `import "zod";`, "model"],
  ["infra/model/b.ts", `import "../spec/plain.ts";`, "model-knows-the-spec-by-its-types"],
  ["infra/model/c.ts", `import "./d.ts";`, "model-is-pure"],
  ["infra/model/d.ts", `import "node:fs";`, "model-is-pure"],
  ["infra/model/e.ts", `import "../resources/facts.ts";`],
  ["infra/resources/facts.ts", `export const it = 1;`],
  ["infra/components/a.ts", `import "../provider/plain.ts";`, "components"],
  ["infra/components/b.ts", `import "../model/pure.ts"; import "@pulumi/pulumi/index.js";`],
  ["infra/provider/plain.ts", `import "@pulumi/pulumi/proto/provider_pb.js"; import "zod";`],
  ["infra/provider/a.ts", `import "../model/pure.ts";`, "provider"],
  ["infra/provider/b.ts", `import "@pulumi/pulumi/index.js";`, "provider", "provider-starts-fast"],
  [
    "infra/resources/a.ts",
    `import "@pulumi/pulumi/index.js";`,
    "resources",
    "resources-start-fast",
  ],
  ["infra/local-cloud/a.ts", `import "../resources/plain.ts";`, "local-cloud"],
  ["infra/resources/plain.ts", `import "zod";`],
  ["infra/program.ts", `import "./provider/plain.ts";`, "program"],
  ["infra/index.ts", `import "./program.ts";`],
  ["scripts/a.ts", `import "../infra/index.ts";`, "index-is-an-entry"],
  ["scripts/b.ts", `import "../infra/testing/plain.ts";`, "tests-stay-outside"],
  ["scripts/b.test.ts", `import "../infra/testing/plain.ts";`],
  ["infra/testing/plain.ts", `export const it = 1;`],
  ["runtime/src/a.ts", `import "../../infra/resources/plain.ts";`, "runtime"],
  ["scripts/c.ts", `import "./d.ts";`, "no-circles"],
  ["scripts/d.ts", `import "./c.ts";`],
  ["scripts/f.ts", `import type { G } from "./g.ts"; export type F = G;`, "no-circles"],
  ["scripts/g.ts", `import type { F } from "./f.ts"; export type G = F;`],
  ["scripts/e.ts", `import "./nowhere.ts";`, "resolvable"],
];

let directory: string;
let broken: Map<string, Set<string>>;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "opspec-rules-"));
  symlinkSync(join(ROOT, "node_modules"), join(directory, "node_modules"));
  for (const name of [".dependency-cruiser.cjs", "tsconfig.json"]) {
    copyFileSync(join(ROOT, name), join(directory, name));
  }
  writeFileSync(join(directory, "package.json"), `{ "type": "module" }`);
  for (const [path, text] of PLANTED) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), `${text}\n`);
  }
  broken = cruise();
});

afterAll(() => rmSync(directory, { recursive: true }));

test.each(
  PLANTED.map(([path, text, ...rules]) => ({ path, text, rules: rules.join(", ") || "nothing" })),
)("$path: `$text` breaks $rules", ({ path, rules }) => {
  expect([...(broken.get(path) ?? ["nothing"])].toSorted().join(", ")).toBe(rules);
});

/** The broken rules of each file, from dependency-cruiser. */
function cruise(): Map<string, Set<string>> {
  const args = [
    "--config",
    ".dependency-cruiser.cjs",
    "--output-type",
    "json",
    "infra",
    "runtime",
    "scripts",
  ];
  const depcruise = join(ROOT, "node_modules", ".bin", "depcruise");
  const { stdout } = spawnSync(depcruise, args, {
    cwd: directory,
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  const found = new Map<string, Set<string>>();
  for (const { from, rule } of JSON.parse(stdout).summary.violations) {
    found.set(from, (found.get(from) ?? new Set()).add(rule.name));
  }
  return found;
}
