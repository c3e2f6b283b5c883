import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { MANIFEST_VERSION, type RuntimeManifest } from "../src/contract/manifest.ts";
import { RUNTIME_VERSION } from "../src/version.ts";
import { CODE_CACHE_FILE } from "./loader.ts";

/** Limit of a job that does nothing on a busy machine, in ms. */
const RUN_LIMIT_MS = 60_000;

/** Code of every run of a job, so that its functions are in the cache. */
const MANIFEST: RuntimeManifest = {
  version: MANIFEST_VERSION,
  runtime: RUNTIME_VERSION,
  system: "build",
  stack: "build",
  environment: "production",
  process: "build",
  timezone: "UTC",
  jobs: [{ name: "nothing", uses: "command", startedBy: "process", command: "true" }],
};

/**
 * Runs a job and writes V8's code cache beside the bundle in `directory`.
 *
 * The cache is created at the exit, when V8 has compiled all functions that the job uses.
 */
export async function writeCodeCache(directory: string): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), "opspec-code-cache-"));
  try {
    const manifest = join(scratch, "manifest.json");
    await writeFile(manifest, JSON.stringify(MANIFEST));
    const maker = join(scratch, "maker.cjs");
    await writeFile(maker, renderMaker(directory));
    await promisify(execFile)(join(directory, "node"), [maker, "run", "nothing"], {
      cwd: scratch,
      env: { PATH: process.env["PATH"] ?? "", OPSPEC_MANIFEST: manifest },
      timeout: RUN_LIMIT_MS,
    });
  } finally {
    await rm(scratch, { recursive: true });
  }
}

function renderMaker(directory: string): string {
  const main = JSON.stringify(join(directory, "main.cjs"));
  const cache = JSON.stringify(join(directory, CODE_CACHE_FILE));
  return `process.on("exit", () => {
  require("node:fs").writeFileSync(${cache}, require(${main}).script.createCachedData());
});
require(${main});
`;
}
