import { execFile } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { renderSystemPresets } from "../../../scripts/reference/system-presets.ts";
import { CATALOG } from "../jobs/catalog.ts";
import { scratchHealth } from "../../testing/scratch-health.ts";
import { JOB_DEFAULTS } from "./job-defaults.gen.ts";
import { HEALTH_PRESETS, PRESETS_WITHOUT_LIVENESS } from "./preset-names.gen.ts";

const run = promisify(execFile);

const CHECKOUT = join(import.meta.dirname, "..", "..", "..");

const SYSTEMS = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((it) => it.isDirectory())
  .map(({ name }) => name);

/** The names that only the systems' folders, tests and docs may use. */
const NAMES =
  /(?<!\w)(vega-cockpit|vega|joslyn-ai|joslyn|parlay-gorilla|parlay|chorizaurio|c1c-recruitment|c1c)(?!\w)/i;

/** The type checker on two busy cores. */
const TYPES_LIMIT_MS = 300_000;

test("the core names none of the systems", async () => {
  const { stdout } = await run("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    cwd: join(CHECKOUT, "runtime", "src"),
    maxBuffer: 10_000_000,
  });
  const paths = stdout
    .split("\n")
    .filter((path) => path !== "" && !path.startsWith("systems/") && !path.endsWith(".test.ts"));

  const lines = await Promise.all(paths.map(namedLines));

  expect(paths.length).toBeGreaterThan(100);
  expect(lines.flat()).toEqual([]);
});

/** Every job, by the name of its folder. */
const JOBS = Object.keys(CATALOG);

test(
  "the types hold without one system and one job, and without all of them",
  async () => {
    const scratch = scratchCheckout();

    expect(await typesWithout(scratch, SYSTEMS.slice(0, 1), JOBS.slice(0, 1))).toBe("");
    expect(await typesWithout(scratch, SYSTEMS.slice(1), JOBS.slice(1))).toBe("");
  },
  TYPES_LIMIT_MS,
);

/** Deletes systems and jobs, generates the lists again and gives what the type checker prints. */
async function typesWithout(
  scratch: string,
  systems: readonly string[],
  jobs: readonly string[],
): Promise<string> {
  for (const name of systems)
    rmSync(join(scratch, "runtime/src/systems", name), { recursive: true });
  for (const name of jobs) deleteJob(scratch, name);
  for (const [path, text] of renderSystemPresets(scratch)) writeFileSync(join(scratch, path), text);
  const tsc = join(CHECKOUT, "node_modules/typescript/bin/tsc");
  const args = ["-p", scratch, "--incremental", "--tsBuildInfoFile", join(scratch, "types.json")];
  const { stdout } = await run(process.execPath, [tsc, ...args]).catch((error) => error);
  return stdout;
}

test.each(HEALTH_PRESETS)("whether %s has a liveness path is generated as it answers", (preset) => {
  const { health } = scratchHealth({ preset });

  expect(health.paths.has("/healthz")).toBe(!PRESETS_WITHOUT_LIVENESS.includes(preset));
});

test.each(Object.entries(JOB_DEFAULTS))("the job defaults of %s are options of jobs", (_, jobs) => {
  for (const [uses, options] of Object.entries(jobs)) {
    expect(CATALOG[uses]?.options.parse(options)).toEqual(options);
  }
});

test("each name in docs/sources.md is defined in the runtime", async () => {
  const page = await readFile(join(CHECKOUT, "docs/sources.md"), "utf8");
  const names = page.split("\n").flatMap((line) => {
    const [, first = ""] = /^\| (`[^|]+) \|/.exec(line) ?? [];
    return [...first.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name);
  });

  const { stdout } = await run(
    "git",
    ["grep", "-hoE", "(const|function|interface) \\w+", "runtime/src"],
    {
      cwd: CHECKOUT,
      maxBuffer: 10_000_000,
    },
  );
  const defined = new Set(stdout.split("\n").map((line) => line.split(" ")[1]));
  expect(names.length).toBeGreaterThan(40);
  expect(names.filter((name) => !defined.has(name))).toEqual([]);
});

/** Deletes a job's folder and its line in the list. */
function deleteJob(scratch: string, name: string): void {
  const folder = join(scratch, "runtime/src/jobs");
  const lines = readFileSync(join(folder, "list.ts"), "utf8").split("\n");
  const kept = lines.filter((line) => !line.includes(`"./${name}/options.ts"`));
  expect(kept).toHaveLength(lines.length - 1);
  // Without exports the file would not be a module.
  const module = kept.includes("export {};") ? kept : [...kept, "export {};"];
  writeFileSync(join(folder, "list.ts"), module.join("\n"));
  rmSync(join(folder, name), { recursive: true });
}

async function namedLines(path: string): Promise<string[]> {
  const text = await readFile(join(CHECKOUT, "runtime", "src", path), "utf8").catch(() => "");
  return text
    .split("\n")
    .flatMap((line, at) => (NAMES.test(line) ? [`${path}:${at + 1}: ${line}`] : []));
}

/** The product's code without tests, in a folder of its own. */
function scratchCheckout(): string {
  const scratch = mkdtempSync(join(tmpdir(), "opspec-systems-"));
  onTestFinished(() => rmSync(scratch, { recursive: true }));
  for (const folder of ["infra", "runtime/src", "runtime/build", "scripts"]) {
    mkdirSync(join(scratch, folder), { recursive: true });
    cpSync(join(CHECKOUT, folder), join(scratch, folder), {
      recursive: true,
      filter: (path) => !/\.test\.ts$|\/testing$|\/bench(\.ts)?$/.test(path),
    });
  }
  for (const file of ["package.json", "runtime/package.json"]) {
    cpSync(join(CHECKOUT, file), join(scratch, file));
  }
  const packages = join(CHECKOUT, "node_modules");
  mkdirSync(join(scratch, "node_modules/@opspec"), { recursive: true });
  symlinkSync(join(scratch, "runtime"), join(scratch, "node_modules/@opspec/runtime"));
  for (const name of readdirSync(packages).filter((it) => it !== "@opspec")) {
    symlinkSync(join(packages, name), join(scratch, "node_modules", name));
  }
  writeFileSync(
    join(scratch, "tsconfig.json"),
    JSON.stringify({
      extends: join(CHECKOUT, "tsconfig.json"),
      include: ["infra", "runtime/src", "scripts"],
    }),
  );
  return scratch;
}
