// Usage: npm run build -w runtime [-- --arch amd64|arm64|all] [--archive] [--out <folder>]
//
// Creates runtime/dist/<arch>/, a folder that any image can copy to /opt/opspec. With --archive
// it also creates the .tar.gz that builds of native services download, and its SHA-256.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs, promisify } from "node:util";
import { RUNTIME_VERSION } from "../src/version.ts";
import { type Arch, ARCHES, hostArch } from "./arch.ts";
import { bundle } from "./bundle.ts";
import { writeCodeCache } from "./code-cache.ts";
import { renderLauncher } from "./launcher.ts";
import { placeNode } from "./node-binary.ts";
import { placeTini } from "./tini.ts";

const { values } = parseArgs({
  options: { arch: { type: "string" }, archive: { type: "boolean" }, out: { type: "string" } },
});

const DIST = resolve(values.out ?? join(import.meta.dirname, "..", "dist"));

for (const arch of chosen(values.arch)) {
  const directory = await buildFolder(arch);
  console.log(`runtime ${RUNTIME_VERSION} for linux/${arch.name}: ${directory}`);
  if (values.archive) console.log(await archive(arch, directory));
}

/** Built beside its place and renamed at the end, so that a reader never sees a partial folder. */
async function buildFolder(arch: Arch): Promise<string> {
  const directory = join(DIST, arch.name);
  const draft = join(DIST, `${arch.name}.${process.pid}`);
  try {
    await fill(draft, arch);
    await rm(directory, { recursive: true, force: true });
    await rename(draft, directory);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return directory;
}

async function fill(directory: string, arch: Arch): Promise<void> {
  await mkdir(directory, { recursive: true });
  await bundle(directory);
  await placeNode(arch, join(directory, "node"));
  await chmod(join(directory, "node"), 0o755);
  // Another processor's Node does not run here, so its build has no code cache and starts a little slower.
  if (arch.name === hostArch()?.name) await writeCodeCache(directory);
  const lack = await placeTini(arch, join(directory, "tini"));
  if (lack !== undefined) console.warn(`without tini: orphans of an app stay zombies (${lack}).`);
  await writeFile(join(directory, "opspec-runtime"), renderLauncher(arch), { mode: 0o755 });
}

async function archive(arch: Arch, directory: string): Promise<string> {
  const path = join(DIST, `opspec-runtime-${RUNTIME_VERSION}-linux-${arch.name}.tar.gz`);
  await promisify(execFile)("tar", ["-czf", path, "-C", directory, "."]);
  const digest = createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
  return `${digest}  ${path}`;
}

function chosen(name: string | undefined): readonly Arch[] {
  if (name === "all") return ARCHES;
  const arch = name === undefined ? hostArch() : ARCHES.find((it) => it.name === name);
  if (arch) return [arch];
  const known = ARCHES.map((it) => it.name).join(", ");
  console.error(
    `build: --arch should be one of ${known} or all, got ${name ?? "none for this machine"}.`,
  );
  process.exit(2);
}
