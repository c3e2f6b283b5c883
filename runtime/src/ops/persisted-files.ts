import { lstat, readdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import type { ProcessContext } from "../run/process.ts";
import { errorCode } from "../contract/error-code.ts";
import { type PersistedPath, persistedPaths } from "../supervise/links.ts";

/** Most entries of one directory in one answer; a page shows no more, and nobody reads more. */
const ENTRIES_MAX = 1000;

/** A file or a directory of the app that is on the disk. */
export interface FileEntry {
  readonly name: string;
  readonly kind: "file" | "directory";
  readonly sizeBytes: number | null;
  /** ISO 8601 in UTC. */
  readonly modifiedAt: string;
}

/** A place below a persisted path, with every link of the app's own resolved and none inside it. */
export interface FilePlace {
  /** As the spec says it, with what was asked for below it. */
  readonly path: string;
  /** On the disk. */
  readonly at: string;
  /** What is there; undefined when nothing is. */
  readonly entry: FileEntry | undefined;
}

/** What is on the disk of a process: its persisted directories and files. */
export async function listPersisted({ manifest, directory }: ProcessContext): Promise<FilePlace[]> {
  const places = persistedPaths(manifest, directory).map(async ({ path, target }) => ({
    path,
    at: target,
    entry: await entryAt(target, path),
  }));
  return Promise.all(places);
}

/**
 * The place that a path names; undefined for everything that is not below a persisted path.
 *
 * No part of it may be a link: one that the app or an attacker made would lead out of the directory.
 */
export async function findPlace(
  { manifest, directory }: ProcessContext,
  asked: string,
): Promise<FilePlace | undefined> {
  const parts = asked.split("/");
  if (!parts.every(isPlainName)) return undefined;
  const root = rootOf(persistedPaths(manifest, directory), asked);
  if (!root) return undefined;
  const below = parts.slice(root.path.split("/").length);
  const base = await realOf(root.target);
  if (base === undefined) return undefined;
  const at = join(base, ...below);
  const parent = below.length === 0 ? undefined : join(base, ...below.slice(0, -1));
  if (parent !== undefined && (await realOf(parent)) !== parent) return undefined;
  const found = await lstat(at).catch(noneIfMissing);
  if (found && !found.isFile() && !found.isDirectory()) return undefined;
  const name = parts.at(-1) ?? asked;
  return { path: asked, at, entry: found ? toEntry(name, found) : undefined };
}

/** What is in a directory: files and directories by name, and nothing that is a link. */
export async function listDirectory({ at }: FilePlace): Promise<{
  readonly entries: readonly FileEntry[];
  readonly isCut: boolean;
}> {
  const names = (await readdir(at)).toSorted((a, b) => (a < b ? -1 : 1));
  const entries = names.slice(0, ENTRIES_MAX).map((name) => entryAt(join(at, name), name));
  const found = (await Promise.all(entries)).filter((it) => it !== undefined);
  return { entries: found, isCut: names.length > ENTRIES_MAX };
}

function rootOf(paths: readonly PersistedPath[], asked: string): PersistedPath | undefined {
  return paths.find(({ path }) => asked === path || asked.startsWith(`${path}/`));
}

/** A name of a file and no way to another directory. */
function isPlainName(part: string): boolean {
  return part !== "" && part !== "." && part !== ".." && !/[\0\\/]/.test(part);
}

async function entryAt(at: string, name: string): Promise<FileEntry | undefined> {
  const found = await lstat(at).catch(noneIfMissing);
  return found && (found.isFile() || found.isDirectory()) ? toEntry(name, found) : undefined;
}

function toEntry(name: string, found: Awaited<ReturnType<typeof lstat>>): FileEntry {
  const isFile = found.isFile();
  return {
    name,
    kind: isFile ? "file" : "directory",
    sizeBytes: isFile ? Number(found.size) : null,
    modifiedAt: found.mtime.toISOString(),
  };
}

async function realOf(path: string): Promise<string | undefined> {
  return realpath(path).catch(noneIfMissing);
}

function noneIfMissing(error: unknown): undefined {
  if (["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG"].includes(errorCode(error) ?? "")) {
    return undefined;
  }
  throw error;
}
