import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { UsageError } from "../infra/errors.ts";
import { installPrograms } from "./bootstrap/debian-packages.ts";
import { runChecks } from "./check-steps.ts";
import { locateEngine } from "./engine/find.ts";
import {
  type TestCounts,
  type TestReport,
  addCounts,
  countTests,
  timeLines,
} from "./test-counts.ts";

const ROOT = join(import.meta.dirname, "..");

const checks = await timed("static checks", () => runChecks(console.log));
const engine = await timed("engine", prepareEngine);
const programs = await timed("Debian programs", preparePrograms);
const tests = await timed("all tests, side by side", runTests);
const { passed, failed, skipped } = addCounts([{ ...checks, skipped: 0 }, engine, programs, tests]);
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed > 0 || tests.passed === 0 ? 1 : 0;

/** Runs a part of the suite and prints how long it took. */
async function timed<T>(part: string, run: () => Promise<T>): Promise<T> {
  const startMs = performance.now();
  try {
    return await run();
  } finally {
    console.log(`time    ${part}: ${Math.round((performance.now() - startMs) / 1000)} s`);
  }
}

/** Installs the engine before the tests. Without an engine the tests report what they skip. */
async function prepareEngine(): Promise<TestCounts> {
  try {
    const { path, version } = await locateEngine({ log: console.log });
    console.log(`ok      engine ${version} at ${path}`);
    return { passed: 1, failed: 0, skipped: 0 };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.log(`SKIPPED every test on the engine: ${error.message}`);
    const required = process.env["OPSPEC_TEST_REQUIRE"] === "all";
    return { passed: 0, failed: required ? 1 : 0, skipped: required ? 0 : 1 };
  }
}

/** Installs Postgres, Redis and other Debian packages if possible. Tests that lack one report that they are skipped. */
async function preparePrograms(): Promise<TestCounts> {
  const { present, missing } = await installPrograms(console.log);
  for (const name of present) console.log(`ok      ${name}`);
  for (const { name, reason } of missing) {
    console.log(`SKIPPED every test on ${name}: ${reason}.`);
  }
  const required = process.env["OPSPEC_TEST_REQUIRE"] === "all";
  return {
    passed: present.length,
    failed: required ? missing.length : 0,
    skipped: required ? 0 : missing.length,
  };
}

async function runTests(): Promise<TestCounts> {
  const directory = mkdtempSync(join(tmpdir(), "opspec-test-"));
  const report = join(directory, "report.json");
  try {
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
    const code = await runVitest(["run", ...reporters, ...process.argv.slice(2)]);
    // A crash leaves no report, so it counts as one failure.
    if (!existsSync(report)) return { passed: 0, failed: 1, skipped: 0 };
    const results = JSON.parse(readFileSync(report, "utf8")) as TestReport;
    for (const line of timeLines(results)) console.log(line);
    return countTests(results, code);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function runVitest(args: readonly string[]): Promise<number> {
  const vitest = join(ROOT, "node_modules", ".bin", "vitest");
  const child = spawn(vitest, args, { cwd: ROOT, stdio: "inherit" });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
}
