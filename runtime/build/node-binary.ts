import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Arch } from "./arch.ts";

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, "..", "..");

/**
 * Copies the Node of a processor to `target`.
 *
 * The version and its integrity are those of package-lock.json, so the runtime ships the Node
 * with which it was tested. npm installs the host's Node; another processor's is downloaded.
 */
export async function placeNode(arch: Arch, target: string): Promise<void> {
  const installed = join(ROOT, "node_modules", arch.package, "bin", "node");
  const isThere = await copyFile(installed, target).then(() => true, isMissing);
  if (!isThere) await fetchNode(arch, target);
}

async function fetchNode(arch: Arch, target: string): Promise<void> {
  const { version, integrity } = await lockedPackage(arch.package);
  const directory = await mkdtemp(join(tmpdir(), "opspec-node-"));
  try {
    const name = `${arch.package}@${version}`;
    const { stdout } = await run("npm", ["pack", name, "--silent"], { cwd: directory });
    const archive = join(directory, stdout.trim());
    const digest = createHash("sha512")
      .update(await readFile(archive))
      .digest("base64");
    if (`sha512-${digest}` !== integrity) {
      throw new Error(`${name}: its integrity is not that of package-lock.json. Do not use it.`);
    }
    await run("tar", ["-xzf", archive, "-C", directory, "package/bin/node"]);
    await copyFile(join(directory, "package", "bin", "node"), target);
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function lockedPackage(name: string): Promise<{ version: string; integrity: string }> {
  const lock = JSON.parse(await readFile(join(ROOT, "package-lock.json"), "utf8"));
  const entry = lock.packages[`node_modules/${name}`];
  if (!entry?.integrity) {
    throw new Error(`package-lock.json: ${name} has no integrity. Install it where npm has it.`);
  }
  return entry;
}

function isMissing(error: NodeJS.ErrnoException): false {
  if (error.code === "ENOENT") return false;
  throw error;
}
