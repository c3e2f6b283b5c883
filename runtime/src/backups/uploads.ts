import { createHash, randomUUID } from "node:crypto";
import { lstat, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import * as z from "zod/mini";
import { errorCode } from "../contract/error-code.ts";
import { replaceFile, syncPath } from "../jobs/file.ts";
import { readJsonFile } from "./backup-file.ts";
import { freeSpace } from "./database-copy.ts";

/** Names of uploads: no path, not hidden, and short enough for any disk. */
const UPLOAD_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,120}\.(db|sqlite|sqlite3)$/;

/** An unfinished upload that did not grow for this time, in ms, is abandoned. */
const ABANDONED_MS = 3_600_000;

/** Names of unfinished uploads. */
const PART = /^\..+\.[0-9a-f]{8}\.part$/;

const Receipt = z.object({
  sizeBytes: z.number(),
  sha256: z.string(),
  receivedAt: z.string(),
  by: z.string(),
});

/** The facts about an upload. */
export type UploadReceipt = z.infer<typeof Receipt>;

/** A file during its upload. */
export interface Upload {
  readonly directory: string;
  readonly name: string;
  readonly body: AsyncIterable<Uint8Array>;
  /** The file's SHA-256 in hexadecimal, from its sender. */
  readonly sha256: string;
  readonly bytesMax: number;
  readonly by: string;
}

/** An upload is refused: its name, size or content is wrong, or the disk is full. */
export class UploadRefused extends Error {
  override readonly name = "UploadRefused";
  readonly reason: "name" | "size" | "room" | "checksum";

  constructor(reason: UploadRefused["reason"], message: string) {
    super(message);
    this.reason = reason;
  }
}

/**
 * Stores an upload under its name and replaces an earlier one. The file is complete and has its
 * sender's checksum, or nothing changes.
 */
export async function receiveUpload(upload: Upload, now: Date): Promise<UploadReceipt> {
  const { directory, name, sha256: expected, by } = upload;
  const path = uploadPath(directory, name);
  if (path === undefined) {
    throw new UploadRefused("name", `${name}: is no valid name of an upload. Use letters and .db.`);
  }
  await mkdir(directory, { recursive: true });
  await removeAbandoned(directory, now);
  const part = join(directory, `.${name}.${randomUUID().slice(0, 8)}.part`);
  try {
    const { sizeBytes, sha256 } = await receiveBody(upload, part);
    if (sha256 !== expected.toLowerCase()) {
      const message = `${name}: has the SHA-256 ${sha256}, not ${expected}. Send it again.`;
      throw new UploadRefused("checksum", message);
    }
    const receipt = { sizeBytes, sha256, receivedAt: now.toISOString(), by };
    await syncPath(part);
    // A file without a receipt is not restored. The old receipt must not describe the new file.
    await rm(receiptPath(path), { force: true });
    await rename(part, path);
    await replaceFile(receiptPath(path), `${JSON.stringify(receipt, null, 2)}\n`);
    await syncPath(directory);
    return receipt;
  } finally {
    await rm(part, { force: true });
  }
}

/** Removes the unfinished uploads of killed processes. */
async function removeAbandoned(directory: string, now: Date): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!PART.test(name)) continue;
    const part = join(directory, name);
    const changed = (await lstat(part).catch(() => undefined))?.mtimeMs ?? Infinity;
    if (now.getTime() - changed > ABANDONED_MS) await rm(part, { force: true });
  }
}

/**
 * Writes what arrives to a new file that only its owner can read.
 *
 * @throws UploadRefused when it is too long, or longer than the free space of the disk
 */
export async function receiveBody(
  { name, body, bytesMax }: Pick<Upload, "name" | "body" | "bytesMax">,
  part: string,
): Promise<Pick<UploadReceipt, "sizeBytes" | "sha256">> {
  const hash = createHash("sha256");
  const space = await freeSpace(dirname(part));
  let sizeBytes = 0;
  await using file = await open(part, "wx", 0o600);
  for await (const chunk of body) {
    sizeBytes += chunk.length;
    if (sizeBytes > bytesMax) {
      throw new UploadRefused("size", `${name}: is larger than ${bytesMax} bytes.`);
    }
    if (sizeBytes > space) {
      const message = `${name}: is larger than the free space of the disk. Free some.`;
      throw new UploadRefused("room", message);
    }
    hash.update(chunk);
    await file.writeFile(chunk);
  }
  return { sizeBytes, sha256: hash.digest("hex") };
}

/** A file in the directory of uploads. */
export interface UploadedFile {
  readonly path: string;
  readonly sizeBytes: number;
  /** Undefined when it arrived another way. */
  readonly receipt: UploadReceipt | undefined;
}

/** The uploaded file of this name; undefined when there is none. A link does not count. */
export async function findUpload(
  directory: string,
  name: string,
): Promise<UploadedFile | undefined> {
  const path = uploadPath(directory, name);
  if (path === undefined) return undefined;
  const file = await lstat(path).catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  });
  if (!file?.isFile()) return undefined;
  return { path, sizeBytes: file.size, receipt: await readJsonFile(receiptPath(path), Receipt) };
}

function uploadPath(directory: string, name: string): string | undefined {
  return UPLOAD_NAME.test(name) ? join(directory, name) : undefined;
}

function receiptPath(path: string): string {
  return `${path}.receipt.json`;
}
