import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { RunOptions } from "../../infra/local-cloud/run/run-source.ts";
import type { StackSpec } from "../../infra/spec/stack.ts";
import { hostArch } from "../../runtime/build/arch.ts";
import { CHECKOUT, LOCAL } from "../workspace/paths.ts";

/** The sample stack. */
export const SAMPLE = "sample";

const RUNTIME = join(CHECKOUT, "runtime");

/** The inputs of the runtime's build. */
const RUNTIME_SOURCES = ["src", "build", "package.json"];

/**
 * Builds the runtime and creates the sample app's source folder with it.
 *
 * @returns the folder of each source that the spec names, or the reason why the sample cannot run here
 */
export async function prepareSample(
  spec: StackSpec,
  say: (line: string) => void,
): Promise<RunOptions["sources"] | string> {
  const arch = hostArch();
  if (!arch) return "the runtime is built for Linux on amd64 and arm64 only";
  const built = join(RUNTIME, "dist", arch.name);
  if (!isBuilt(built)) {
    say("Building the runtime that the sample runs under");
    await promisify(execFile)(process.execPath, [join(RUNTIME, "build", "build.ts")]);
  }
  const folder = placeSample(spec, built);
  return sourcesOf(spec, { folder, built });
}

/** Whether nothing changed since the last build, by modification times. */
function isBuilt(built: string): boolean {
  const builtAt = statSync(join(built, "main.cjs"), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return RUNTIME_SOURCES.every((it) => newestMs(join(RUNTIME, it)) < builtAt);
}

function newestMs(path: string): number {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  const inside = readdirSync(path, { recursive: true, encoding: "utf8" });
  return Math.max(...inside.map((it) => statSync(join(path, it)).mtimeMs));
}

function placeSample({ runtimeSource }: StackSpec, built: string): string {
  const folder = join(LOCAL, "sample-app");
  rmSync(folder, { recursive: true, force: true });
  cpSync(join(CHECKOUT, "examples", "sample-app"), folder, { recursive: true });
  const vendored = join(folder, runtimeSource?.path ?? "");
  mkdirSync(join(vendored, ".."), { recursive: true });
  symlinkSync(built, vendored);
  return folder;
}

function sourcesOf(
  { services = {}, runtimeSource }: StackSpec,
  { folder, built }: { readonly folder: string; readonly built: string },
): RunOptions["sources"] {
  const repositories = Object.values(services).flatMap(({ source }) =>
    source && "repo" in source ? [[source.repo, folder] as const] : [],
  );
  const image = runtimeSource?.image;
  return Object.fromEntries([
    ...repositories,
    ...(image === undefined ? [] : [[image, built] as const]),
  ]);
}
