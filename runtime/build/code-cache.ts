import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { MANIFEST_VERSION, type RuntimeManifest } from "../src/contract/manifest.ts";
import { RUNTIME_VERSION } from "../src/version.ts";
import { CODE_CACHE_FILE } from "./loader.ts";

/** A job that does nothing, on a busy machine, in milliseconds. */
const RUN_LIMIT_MS = 60_000;

/** What every run of a job goes through, so that its functions are in the cache. */
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
 * Writes what V8 compiled while a job ran beside the bundle in `directory`.
 *
 * V8 knows what is in use only when the work is done, so this is asked for at the exit.
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
