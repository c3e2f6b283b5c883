import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MANIFEST_VERSION, renderManifest } from "../contract/manifest.ts";
import { ConfigurationError } from "../contract/configuration-error.ts";
import { RUNTIME_VERSION } from "../version.ts";
import { UsageError } from "./command.ts";
import { probe } from "./probe.ts";

let directory: string;
let env: Record<string, string>;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "opspec-probe-command-"));
  const file = join(directory, "opspec-manifest.json");
  const content = renderManifest({
    version: MANIFEST_VERSION,
    runtime: RUNTIME_VERSION,
    system: "shop",
    stack: "shop",
    environment: "staging",
    process: "api",
    timezone: "UTC",
    jobs: [
      { name: "sweep", uses: "command", startedBy: "schedule", command: "wrok --now" },
      { name: "list", uses: "command", startedBy: "schedule", command: "ls" },
      { name: "digest", uses: "digest", startedBy: "call" },
    ],
  });
  writeFileSync(file, content);
  env = { PATH: process.env["PATH"] ?? "", OPSPEC_MANIFEST: file };
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

const problems = async (args: readonly string[], of = env): Promise<readonly string[]> => {
  try {
    await probe.run(args, of);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.problems.map((it) => `${it.where}: ${it.message}`);
  }
};

test("every job whose command is not in the image is named, and the others are not", async () => {
  expect(await problems(["sweep", "list", "digest", "--command", "nightly=gone run"])).toEqual([
    'jobs/nightly/command: there is no program "gone" in this image.',
    'jobs/sweep/command: there is no program "wrok" in this image.',
  ]);
  expect(await problems(["list", "digest"])).toEqual([]);
});

test("a job that the manifest does not have is named", async () => {
  expect(await problems(["other"])).toEqual(['jobs/other: is not in the manifest of "api".']);
});

test("a build that has no mounted files still looks for the commands that it is given", async () => {
  const nowhere = { ...env, OPSPEC_MANIFEST: "/nowhere/manifest.json" };

  expect(await problems(["digest", "--command", "a=ls", "--command", "b=gone"], nowhere)).toEqual([
    'jobs/b/command: there is no program "gone" in this image.',
  ]);
});

test("without a job it says how it is called", async () => {
  await expect(probe.run([], env)).rejects.toThrow(UsageError);
  await expect(probe.run(["--command", "ls"], env)).rejects.toThrow("Usage: opspec-runtime probe");
});
