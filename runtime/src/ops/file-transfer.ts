import { createHash, randomUUID } from "node:crypto";
import { type FileHandle, chmod, link, open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { freeSpace } from "../backups/database-copy.ts";
import { errorCode } from "../contract/error-code.ts";
import { hasHeader } from "../databases/sqlite.ts";
import { HttpError } from "../http.ts";
import { stampsOf, syncPath } from "../jobs/file.ts";

/** Header with the SHA-256 of a file, by which the receiver detects a damaged transfer. */
export const CHECKSUM_HEADER = "x-checksum-sha256";

/** Bytes that are read of a file at once. */
const CHUNK_BYTES = 64 * 1024;

/**
 * Sends an open file with its current length, then closes it.
 *
 * A log may grow meanwhile. Bytes beyond the announced length would corrupt the next answer of the
 * connection. A file that shrinks closes the connection, so that the client sees the failure.
 */
export async function downloadOf(
  file: FileHandle,
  headers: Readonly<Record<string, string>>,
): Promise<Response> {
  const { size } = await file.stat();
  return new Response(streamOf(file, size), {
    headers: {
      "content-type": "application/octet-stream",
      "content-length": String(size),
      ...headers,
    },
  });
}

/** The first bytes of a file, read on demand. */
function streamOf(file: FileHandle, size: number): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream<Uint8Array>({
    pull: async (stream) => {
      try {
        const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, size - at));
        const { bytesRead } = await file.read(chunk, 0, chunk.length, at);
        at += bytesRead;
        if (bytesRead > 0) stream.enqueue(chunk.subarray(0, bytesRead));
        else if (at < size) throw new Error(`the file shrank to ${at} of ${size} bytes`);
        if (at < size) return;
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

/** Longest file that can be restored, in bytes: half of the smallest disk that Render sells (1 GB). @see https://render.com/docs/disks */
export const FILE_BYTES_MAX = 512 * 1024 * 1024;

/** Suffixes of the files that belong to a SQLite database. @see https://www.sqlite.org/tempfiles.html */
const DATABASE_PART = /-(wal|shm|journal)$/;

/** Permissions of a new file: its owner's only, like all files that the runtime writes. */
const NEW_MODE = 0o600;

/** A file that replaces another. */
export interface Restore {
  readonly at: string;
  readonly body: AsyncIterable<Uint8Array>;
  readonly bytesMax: number;
  /** Expected SHA-256 in hexadecimal, from the sender. */
  readonly sha256: string | undefined;
  readonly now: Date;
}

/** The written file, and the name of the old one. */
export interface RestoredFile {
  readonly sizeBytes: number;
  readonly sha256: string;
  /** Name of the old file; null when there was none. */
  readonly keptAs: string | null;
}

/**
 * Replaces a file completely or not at all. The old file stays beside it under a name with the time.
 *
 * @throws HttpError for a file that is too long, is damaged, or belongs to a SQLite database
 */
export async function restoreFile(restore: Restore): Promise<RestoredFile> {
  const { at, now } = restore;
  await refuseDatabase(at);
  const part = join(dirname(at), `.${basename(at)}.${randomUUID().slice(0, 8)}.part`);
  try {
    const written = await writeBody(restore, part);
    if (restore.sha256 !== undefined && restore.sha256.toLowerCase() !== written.sha256) {
      throw new HttpError(
        400,
        `the file's SHA-256 is ${written.sha256}, not the one of the header`,
      );
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
    if (!(await isDatabase(database))) continue;
    const what = database === at ? "this is" : "this is a part of";
    throw new HttpError(409, `${what} a SQLite database: restore it with a sqlite-restore job`);
  }
}

async function isDatabase(path: string): Promise<boolean> {
  const isFile = (await stat(path).catch(() => undefined))?.isFile() === true;
  return isFile && (await hasHeader(path));
}

async function writeBody(
  { body, bytesMax }: Restore,
  part: string,
): Promise<Pick<RestoredFile, "sizeBytes" | "sha256">> {
  const hash = createHash("sha256");
  const room = await freeSpace(dirname(part));
  let sizeBytes = 0;
  await using file = await open(part, "wx", NEW_MODE);
  for await (const chunk of body) {
    sizeBytes += chunk.length;
    if (sizeBytes > bytesMax) throw new HttpError(413, `the file is longer than ${bytesMax} bytes`);
    if (sizeBytes > room)
      throw new HttpError(507, "the file is larger than the free space of the disk");
    hash.update(chunk);
    await file.writeFile(chunk);
  }
  return { sizeBytes, sha256: hash.digest("hex") };
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
    if (await linkTo(at, join(dirname(at), name))) return name;
  }
  throw new HttpError(409, "the old file could not be kept: there are too many of this second");
}

/** False when the name is taken. */
async function linkTo(at: string, kept: string): Promise<boolean> {
  try {
    await link(at, kept);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}
