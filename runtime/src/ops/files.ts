import { constants } from "node:fs";
import { lstat, open, readdir, realpath, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errorCode } from "../contract/error-code.ts";
import { HttpError, json } from "../http.ts";
import { Actor, type OpsContext, type OpsRoute, actorOf, logChange } from "./api.ts";
import { CHECKSUM_HEADER, FILE_BYTES_MAX, downloadOf, restoreFile } from "./file-transfer.ts";
import type { ProcessContext } from "../run/process.ts";
import { type PersistedPath, persistedPaths } from "../supervise/links.ts";

/** Names the actor, because the body is the file. */
const ACTOR_HEADER = "x-ops-actor";

/** Lists, downloads and restores single files on the disk of the app. */
export const fileRoutes: readonly OpsRoute[] = [
  { method: "GET", path: "/ops/files", answer: listRoots },
  { method: "GET", path: "/ops/files/:path{.+}", answer: showFile },
  { method: "PUT", path: "/ops/files/:path{.+}", answer: putFile },
];

async function listRoots({ var: { ops } }: OpsContext): Promise<Response> {
  const places = await listPersisted(ops.process);
  return json(200, {
    paths: places.map(({ path, entry }) => ({ ...entry, path, exists: entry !== undefined })),
  });
}

async function showFile(c: OpsContext): Promise<Response> {
  const place = await placeOf(c.var.ops.process, c.req.param("path"));
  if (place.entry === undefined) throw noFile();
  if (place.entry.kind === "file") return download(place);
  const { entries, isCut } = await listDirectory(place);
  return json(200, { path: place.path, entries, ...(isCut ? { isCut } : {}) });
}

/** An open file survives a rename or a deletion. */
async function download({ at, entry }: FileLocation): Promise<Response> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(at, flags).catch(() => undefined);
  if (!file) throw noFile();
  const found = await file.stat();
  if (!found.isFile()) {
    await file.close();
    throw noFile();
  }
  const name = encodeURIComponent(entry?.name ?? "file");
  return downloadOf(file, {
    "content-disposition": `attachment; filename*=UTF-8''${name}`,
    "last-modified": found.mtime.toUTCString(),
  });
}

async function putFile(c: OpsContext): Promise<Response> {
  const { process } = c.var.ops;
  const request = c.req.raw;
  const place = await placeOf(process, c.req.param("path"));
  if (place.entry?.kind === "directory") throw new HttpError(409, "this is a directory");
  const isInDirectory = (await stat(dirname(place.at)).catch(() => undefined))?.isDirectory();
  if (isInDirectory !== true) throw new HttpError(404, "this directory does not exist");
  const said = Number(request.headers.get("content-length") ?? 0);
  if (said > FILE_BYTES_MAX) {
    throw new HttpError(413, `the file is longer than ${FILE_BYTES_MAX} bytes`);
  }
  const actor = actorOf(c, actorHeader(request));
  const restored = await restoreFile({
    at: place.at,
    body: request.body ?? emptyBody(),
    bytesMax: FILE_BYTES_MAX,
    sha256: request.headers.get(CHECKSUM_HEADER) ?? undefined,
    now: process.clock.now(),
  });
  logChange(c, { actor, did: "restore a file", path: place.path, ...restored });
  return json(200, { path: place.path, ...restored });
}

function actorHeader({ headers }: Request): string | undefined {
  const said = headers.get(ACTOR_HEADER);
  if (said === null) return undefined;
  const actor = Actor.safeParse(said);
  if (actor.success) return actor.data;
  throw new HttpError(400, `${ACTOR_HEADER}: should be \`call\` or \`manual <who>\``);
}

async function placeOf(process: ProcessContext, path = ""): Promise<FileLocation> {
  const place = await findPlace(process, path);
  if (!place) throw noFile();
  return place;
}

async function* emptyBody(): AsyncGenerator<Uint8Array> {}

function noFile(): HttpError {
  return new HttpError(404, "this file is not among the persisted files");
}

/** Maximum number of entries of one directory in one answer. */
const ENTRIES_MAX = 1000;

/** A file or a directory of the app that is on the disk. */
export interface FileEntry {
  readonly name: string;
  readonly kind: "file" | "directory";
  readonly sizeBytes: number | null;
  /** ISO 8601 in UTC. */
  readonly modifiedAt: string;
}

/** A file or directory at or below a persisted path. It contains no link below that path. */
interface FileLocation {
  /** The persisted path of the spec, with the rest below it. */
  readonly path: string;
  /** Path on the disk. */
  readonly at: string;
  /** Undefined when nothing is there. */
  readonly entry: FileEntry | undefined;
}

/** The persisted directories and files of a process. */
async function listPersisted({ manifest, directory }: ProcessContext): Promise<FileLocation[]> {
  const places = persistedPaths(manifest, directory).map(async ({ path, target }) => ({
    path,
    at: target,
    entry: await entryAt(target, path),
  }));
  return Promise.all(places);
}

/**
 * The location that a path names; undefined outside of the persisted paths.
 *
 * No part of it may be a link, because a link could lead out of the directory.
 */
async function findPlace(
  { manifest, directory }: ProcessContext,
  asked: string,
): Promise<FileLocation | undefined> {
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

/** The files and directories in a directory, by name, without links. */
async function listDirectory({ at }: FileLocation): Promise<{
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

/** Whether it is a plain file name that cannot lead to another directory. */
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
