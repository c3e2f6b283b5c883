import { constants, existsSync } from "node:fs";
import { chmod, type FileHandle, link, open, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { randomUUID } from "node:crypto";
import { receiveBody, type Upload, UploadRefused } from "../backups/uploads.ts";
import { errorCode } from "../contract/error-code.ts";
import { hasHeader } from "../databases/sqlite.ts";
import { HttpError } from "../http.ts";
import { stampsOf, syncPath } from "../jobs/file.ts";
import type { OpsContext } from "./api.ts";

/** Header with the SHA-256 of a file, by which the receiver detects a damaged transfer. */
export const CHECKSUM_HEADER = "x-checksum-sha256";

/** An open file or directory. */
export interface OpenedPath {
  readonly file: FileHandle;
  /** Leads to it, whatever happens meanwhile to the directories on the way. */
  readonly path: string;
}

/** Linux has a path for each open file, and below it for the entries of an open directory. */
const HAS_DESCRIPTORS = existsSync("/proc/self/fd");

/**
 * Opens what is at a path below a directory; undefined when nothing is there, or when a part of the
 * path is a link, which could lead out of the directory.
 *
 * A directory may be swapped for a link at any time, so a check before the opening proves nothing.
 * Each part is opened within the directory that is already open. Without descriptors, as on a Mac,
 * the path is that of before.
 */
export async function openBelow(directory: string, path: string): Promise<OpenedPath | undefined> {
  const base = await realpath(directory).catch(noneIfMissing);
  let opened = base === undefined ? undefined : await openUnlinked(base);
  for (const name of path.split("/")) {
    if (!opened) return undefined;
    const parent: OpenedPath = opened;
    opened = await openUnlinked(join(parent.path, name)).finally(() => parent.file.close());
  }
  return opened;
}

async function openUnlinked(path: string): Promise<OpenedPath | undefined> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags).catch(noneIfMissing);
  return file && { file, path: HAS_DESCRIPTORS ? `/proc/self/fd/${file.fd}` : path };
}

/** For a missing file, and for what is no file or directory of ours. */
export function noneIfMissing(error: unknown): undefined {
  const codes = ["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG", "EACCES", "ENXIO"];
  if (codes.includes(errorCode(error) ?? "")) return undefined;
  throw error;
}

/** Bytes that are read of a file at once. */
const CHUNK_BYTES = 64 * 1024;

/**
 * Sends an open file with its current length, or the part of it that is asked for, then closes it.
 *
 * A log may grow meanwhile. Bytes beyond the announced length would corrupt the next answer of the
 * connection. A file that shrinks closes the connection, so that the client sees the failure.
 */
export async function downloadOf(
  { req }: Pick<OpsContext, "req">,
  file: FileHandle,
  more: Readonly<Record<string, string>>,
): Promise<Response> {
  const { size, mtime, mtimeMs } = await file.stat();
  const etag = `"${size.toString(16)}-${mtimeMs.toString(16)}"`;
  const part = partOf(req.raw, { size, validators: [etag, mtime.toUTCString()] });
  const { first = 0, last = size - 1 } = part ?? {};
  const isRefused = first > last && part !== undefined;
  const headers = {
    "content-type": "application/octet-stream",
    "accept-ranges": "bytes",
    etag,
    "last-modified": mtime.toUTCString(),
    "content-length": String(isRefused ? 0 : last + 1 - first),
    ...(part && { "content-range": `bytes ${isRefused ? "*" : `${first}-${last}`}/${size}` }),
    ...more,
  };
  if (!isRefused && req.method !== "HEAD") {
    return new Response(streamOf(file, first, last + 1), { status: part ? 206 : 200, headers });
  }
  await file.close();
  return new Response(null, { status: isRefused ? 416 : 200, headers });
}

/**
 * The part that a request asks for; undefined for the whole file. Several parts at once, and a part of
 * another version of the file, are the whole file too. The part is empty where the file has no such
 * bytes.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-14.2
 */
function partOf(
  { method, headers }: Request,
  { size, validators }: { readonly size: number; readonly validators: readonly string[] },
): { readonly first: number; readonly last: number } | undefined {
  const [, from = "", to = ""] = /^bytes=(\d*)-(\d*)$/.exec(headers.get("range") ?? "") ?? [];
  const condition = headers.get("if-range");
  if (method !== "GET" || (condition !== null && !validators.includes(condition))) return undefined;
  if (from === "")
    return to === "" ? undefined : { first: Math.max(0, size - Number(to)), last: size - 1 };
  if (to !== "" && Number(to) < Number(from)) return undefined;
  return { first: Number(from), last: to === "" ? size - 1 : Math.min(Number(to), size - 1) };
}

/** The bytes of a file from `start` to before `end`, read on demand. */
function streamOf(file: FileHandle, start: number, end: number): ReadableStream<Uint8Array> {
  let at = start;
  return new ReadableStream<Uint8Array>({
    pull: async (stream) => {
      try {
        const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, end - at));
        const { bytesRead } = await file.read(chunk, 0, chunk.length, at);
        at += bytesRead;
        if (bytesRead > 0) stream.enqueue(chunk.subarray(0, bytesRead));
        else if (at < end) throw new Error(`the file shrank to ${at} of ${end} bytes`);
        if (at < end) return;
        await file.close();
        stream.close();
      } catch (error) {
        await file.close();
        throw error;
      }
    },
    cancel: () => file.close(),
  });
}

/** Suffixes of the files that belong to a SQLite database. @see https://www.sqlite.org/tempfiles.html */
const DATABASE_PART = /-(wal|shm|journal)$/;

/** Statuses of a file that is refused. */
const REFUSED = { name: 400, size: 413, room: 507, checksum: 400 } as const;

/** The answer for a file that is refused. */
export function refuse(error: unknown): never {
  if (error instanceof UploadRefused) throw new HttpError(REFUSED[error.reason], error.message);
  throw error;
}

/** A file that replaces another; `sha256` in hexadecimal is what its sender expects. */
interface Restore extends Pick<Upload, "body" | "bytesMax"> {
  readonly at: string;
  readonly sha256: string | undefined;
  readonly now: Date;
}

/**
 * Replaces a file completely or not at all. The old file stays beside it under a name with the time.
 *
 * @returns its size and checksum, and the name of the old file; null when there was none
 * @throws UploadRefused for a file that is too long or damaged, HttpError for one of a SQLite database
 */
export async function restoreFile(restore: Restore) {
  const { at, now, sha256 } = restore;
  await refuseDatabase(at);
  const part = join(dirname(at), `.${basename(at)}.${randomUUID().slice(0, 8)}.part`);
  try {
    const written = await receiveBody({ ...restore, name: basename(at) }, part);
    if (sha256 !== undefined && sha256.toLowerCase() !== written.sha256) {
      const message = `the file's SHA-256 is ${written.sha256}, not the one of the header`;
      throw new UploadRefused("checksum", message);
    }
    const keptAs = await keepOld(at, part, now);
    await syncPath(part);
    await rename(part, at);
    await syncPath(dirname(at));
    return { ...written, keptAs };
  } finally {
    await rm(part, { force: true });
  }
}

/** A database has several files and may be open, so only a sqlite-restore job may replace it. */
async function refuseDatabase(at: string): Promise<void> {
  for (const database of new Set([at, at.replace(DATABASE_PART, "")])) {
    const isFile = (await stat(database).catch(() => undefined))?.isFile() === true;
    if (!isFile || !(await hasHeader(database))) continue;
    const what = database === at ? "this is" : "this is a part of";
    throw new HttpError(409, `${what} a SQLite database: restore it with a sqlite-restore job`);
  }
}

/**
 * Links the old file to a second name, so that a file exists under its name at all times. The new
 * file gets the permissions of the old one, so that its readers can read it.
 */
async function keepOld(at: string, part: string, now: Date): Promise<string | null> {
  const found = await stat(at).catch(() => undefined);
  if (!found) return null;
  await chmod(part, found.mode);
  for (const stamp of stampsOf(now)) {
    const name = `${basename(at)}.before_restore_${stamp}`;
    try {
      await link(at, join(dirname(at), name));
      return name;
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
    }
  }
  throw new HttpError(409, "the old file could not be kept: there are too many of this second");
}
