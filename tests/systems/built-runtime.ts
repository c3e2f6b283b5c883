import { execFile } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { hostArch } from "../../runtime/build/arch.ts";
import { CHECKOUT, LOCAL } from "../../scripts/workspace/paths.ts";

const RUNTIME = join(CHECKOUT, "runtime");

/**
 * The built runtime for the current sources.
 *
 * Each state of the sources has its own folder, so concurrent builds and running tests do not
 * disturb each other.
 */
export async function builtRuntime(): Promise<string> {
  const arch = hostArch();
  if (!arch) throw new Error("the runtime is built for Linux on amd64 and arm64 only");
  const place = join(LOCAL, "..", "built-runtime", contentOf(), arch.name);
  if (existsSync(place)) return place;
  const draft = `${dirname(place)}.${randomUUID()}`;
  const build = join(RUNTIME, "build", "build.ts");
  await promisify(execFile)(process.execPath, [build, "--out", draft]);
  mkdirSync(dirname(dirname(place)), { recursive: true });
  try {
    renameSync(draft, dirname(place));
  } catch (error) {
    // Another test built the same state first.
    if (!existsSync(place)) throw error;
    rmSync(draft, { recursive: true });
  }
  return place;
}

function contentOf(): string {
  const hash = createHash("sha256");
  const files = globSync(["package.json", "build/**/*.ts", "src/**/*"], { cwd: RUNTIME })
    .filter((it) => /\.\w+$/.test(it) && !it.endsWith(".test.ts"))
    .toSorted();
  for (const file of files) hash.update(file).update(readFileSync(join(RUNTIME, file)));
  return hash.digest("hex").slice(0, 16);
}
