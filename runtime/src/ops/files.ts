import { lstat, readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { HttpError, json } from "../http.ts";
import { fileActor, type OpsContext, type OpsRoute, logChange } from "./api.ts";
import {
  CHECKSUM_HEADER,
  downloadOf,
  noneIfMissing,
  openBelow,
  type OpenedPath,
  refuse,
  restoreFile,
} from "./file-transfer.ts";
import type { ProcessContext } from "../run/process.ts";
import { persistedPaths } from "../supervise/links.ts";

/** Longest file that can be restored, in bytes: half of the smallest disk that Render sells (1 GB). @see https://render.com/docs/disks */
const FILE_BYTES_MAX = 512 * 1024 * 1024;

/** Maximum number of entries of one directory in one answer. */
const ENTRIES_MAX = 1000;

/** Lists, downloads and restores single files on the disk of the app. */
export const fileRoutes: readonly OpsRoute[] = [
  { method: "GET", path: "/ops/files", answer: listRoots },
  { method: "GET", path: "/ops/files/:path{.+}", answer: showFile },
  { method: "PUT", path: "/ops/files/:path{.+}", answer: putFile },
];

/** The persisted directories and files of a process. */
async function listRoots(c: OpsContext): Promise<Response> {
  const { manifest, directory } = c.var.ops.process;
  const paths = persistedPaths(manifest, directory).map(async ({ path, target }) => {
    const entry = await entryAt(target, path);
    return { ...entry, path, exists: entry !== undefined };
  });
  return json(200, { paths: await Promise.all(paths) });
}

/** A file as a download, a directory as a list. An open file survives a rename or a deletion. */
async function showFile(c: OpsContext): Promise<Response> {
  const path = c.req.param("path") ?? "";
  const mount = mountOf(c.var.ops.process, path);
  const opened = (await openBelow(mount, path)) ?? noFile();
  const found = await opened.file.stat();
  if (found.isFile()) {
    const name = encodeURIComponent(basename(path));
    return downloadOf(c, opened.file, {
      "content-disposition": `attachment; filename*=UTF-8''${name}`,
    });
  }
  await using directory = opened.file;
  if (!(await directory.stat()).isDirectory()) return noFile();
  return json(200, { path, ...(await listDirectory(opened)) });
}

async function putFile(c: OpsContext): Promise<Response> {
  const { process } = c.var.ops;
  const path = c.req.param("path") ?? "";
  const parent = await openBelow(mountOf(process, path), dirname(path));
  await using directory = parent?.file;
  if (!parent || (await directory?.stat())?.isDirectory() !== true) {
    throw new HttpError(404, "this directory does not exist");
  }
  const at = join(parent.path, basename(path));
  const found = await lstat(at).catch(noneIfMissing);
  if (found?.isDirectory()) throw new HttpError(409, "this is a directory");
  if (found && !found.isFile()) noFile();
  if (Number(c.req.header("content-length") ?? 0) > FILE_BYTES_MAX) {
    throw new HttpError(413, `the file is longer than ${FILE_BYTES_MAX} bytes`);
  }
  const actor = fileActor(c);
  const restored = await restoreFile({
    at,
    body: c.req.raw.body ?? new Blob([]).stream(),
    bytesMax: FILE_BYTES_MAX,
    sha256: c.req.header(CHECKSUM_HEADER),
    now: process.clock.now(),
  }).catch(refuse);
  logChange(c, { actor, did: "restore a file", path, ...restored });
  return json(200, { path, ...restored });
}

function noFile(): never {
  throw new HttpError(404, "this file is not among the persisted files");
}

/** The directory of the disk, for a path at or below a persisted one; else a 404. */
function mountOf({ manifest, directory }: ProcessContext, asked: string): string {
  const roots = persistedPaths(manifest, directory);
  const isPersisted = roots.some(({ path }) => asked === path || asked.startsWith(`${path}/`));
  const isPlain = asked.split("/").every(isPlainName);
  return isPersisted && isPlain && manifest.disk ? manifest.disk.mount : noFile();
}

/** Whether it is a plain file name that cannot lead to another directory. */
function isPlainName(part: string): boolean {
  return part !== "" && part !== "." && part !== ".." && !/[\0\\/]/.test(part);
}

/** The files and directories in a directory, by name, without links. */
async function listDirectory({ path }: OpenedPath) {
  const names = (await readdir(path)).toSorted((a, b) => (a < b ? -1 : 1));
  const shown = names.slice(0, ENTRIES_MAX).map((name) => entryAt(join(path, name), name));
  const entries = (await Promise.all(shown)).filter((it) => it !== undefined);
  return { entries, ...(names.length > ENTRIES_MAX ? { isCut: true } : {}) };
}

/** A file or a directory of the app that is on the disk. */
export type FileEntry = NonNullable<Awaited<ReturnType<typeof entryAt>>>;

/** Undefined for a link and for what is neither a file nor a directory. */
async function entryAt(at: string, name: string) {
  const found = await lstat(at).catch(noneIfMissing);
  if (!found?.isFile() && !found?.isDirectory()) return undefined;
  const [kind, sizeBytes] = found.isFile() ? ["file", found.size] : ["directory", null];
  return { name, kind, sizeBytes, modifiedAt: found.mtime.toISOString() };
}
