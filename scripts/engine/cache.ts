import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { chmod, copyFile, mkdir, readdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

import { isExecutable } from "./search-path.ts";
import { ENGINE_VERSION } from "./version.ts";

/**
 * The files of our language host. The engine looks for the last one, which is copied last, so that
 * it never exists alone.
 */
const LANGUAGE_HOST_FILES = ["package.json", "language-host.cjs", "pulumi-language-nodejs"];

/** Our language host in this checkout, put on PATH for an engine that has none beside it. */
export const LANGUAGE_HOST_DIR = join(import.meta.dirname, "language-host");

/** The engine cache: one directory per version, shared by all checkouts of this user. */
export function engineCache(env: NodeJS.ProcessEnv): string {
  const base = env["XDG_CACHE_HOME"] || join(env["HOME"] || homedir(), ".cache");
  return join(base, "opspec", "engine");
}

/** The directory of this version's engine; it is renamed into place whole, so it exists complete or not at all. */
export function engineRoot(env: NodeJS.ProcessEnv): string {
  return join(engineCache(env), ENGINE_VERSION);
}

/** The engine's path below a root, where Pulumi's own tools look for it too. */
export function engineBinary(root: string): string {
  return join(root, "bin", "pulumi");
}

/**
 * Fills a new directory beside the cache, then renames it into place, so that an interrupted build
 * leaves no partial engine.
 */
export async function fillCache(
  env: NodeJS.ProcessEnv,
  fill: (root: string) => Promise<void>,
): Promise<string> {
  const root = engineRoot(env);
  const staged = join(engineCache(env), `.${ENGINE_VERSION}-${randomUUID()}`);
  await mkdir(join(staged, "bin"), { recursive: true });
  try {
    await fill(staged);
    await rm(root, { recursive: true, force: true });
    await rename(staged, root);
    return root;
  } finally {
    await rm(staged, { recursive: true, force: true });
  }
}

/** Removes the leftovers of killed builds. The caller must hold the cache's lock. */
export async function sweepCache(env: NodeJS.ProcessEnv): Promise<void> {
  const cache = engineCache(env);
  const entries = existsSync(cache) ? await readdir(cache) : [];
  for (const entry of entries.filter((name) => name.startsWith(`.${ENGINE_VERSION}-`))) {
    await rm(join(cache, entry), { recursive: true, force: true });
  }
}

/**
 * Puts our language host beside an engine that came without one.
 *
 * A copy, not a link: the cache outlives any checkout. The copy takes everything else from the
 * program it runs, so any checkout's copy serves every other.
 */
export async function placeLanguageHost(root: string): Promise<void> {
  const bin = join(root, "bin");
  if (hasOtherLanguageHost(bin)) return;
  for (const name of LANGUAGE_HOST_FILES) {
    const source = join(LANGUAGE_HOST_DIR, name);
    const target = join(bin, name);
    if (existsSync(target) && readFileSync(target).equals(readFileSync(source))) continue;
    const staged = `${target}.${randomUUID()}`;
    await copyFile(source, staged);
    await chmod(staged, 0o755);
    await rename(staged, target);
  }
}

/** Whether a directory holds a language host for Node that is not ours, such as the official one. */
function hasOtherLanguageHost(directory: string): boolean {
  const ours = existsSync(join(directory, "language-host.cjs"));
  return !ours && isExecutable(join(directory, "pulumi-language-nodejs"));
}
