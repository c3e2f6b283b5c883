import { createHash, randomUUID } from "node:crypto";
import { lstat, mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import * as z from "zod/mini";
import { replaceFile, syncPath } from "../jobs/file.ts";
import { errorCode } from "../contract/error-code.ts";
import { roomIn } from "./room.ts";

/** Names of uploaded files: no path, nothing hidden, and short enough for any disk. */
const UPLOAD_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,120}\.(db|sqlite|sqlite3)$/;

/** An upload that has not grown for so long goes on no more. */
const LEFT_MS = 3_600_000;

/** Names of uploads that are not finished. */
const PART = /^\..+\.[0-9a-f]{8}\.part$/;

const Receipt = z.object({
  sizeBytes: z.number(),
  sha256: z.string(),
  receivedAt: z.string(),
  by: z.string(),
});

/** What is known of a file that was uploaded. */
export type UploadReceipt = z.infer<typeof Receipt>;

/** A file that is being uploaded. */
export interface Upload {
  readonly directory: string;
  readonly name: string;
  readonly body: AsyncIterable<Uint8Array>;
  /** What its sender says that the file's SHA-256 is, in hexadecimal. */
  readonly sha256: string;
  readonly bytesMax: number;
  readonly by: string;
}

/** An upload that is not kept: its name, its size or its content is not right, or the disk is full. */
export class UploadRefused extends Error {
  override readonly name = "UploadRefused";
  readonly reason: "name" | "size" | "room" | "checksum";

  constructor(reason: UploadRefused["reason"], message: string) {
    super(message);
    this.reason = reason;
  }
}

/**
 * Keeps an uploaded file under its name, in place of one that was uploaded before; it is there as a
 * whole, with the checksum that its sender told, or not at all.
 */
export async function receiveUpload(upload: Upload, now: Date): Promise<UploadReceipt> {
  const { directory, name, sha256: expected } = upload;
  const path = uploadPath(directory, name);
  if (path === undefined) {
    throw new UploadRefused("name", `${name}: is no name of an upload. Use letters and .db.`);
  }
  await mkdir(directory, { recursive: true });
  await removeLeft(directory, now);
  const part = join(directory, `.${name}.${randomUUID().slice(0, 8)}.part`);
  try {
    const { sizeBytes, sha256 } = await writeBody(upload, part);
    if (sha256 !== expected.toLowerCase()) {
      const message = `${name}: has the SHA-256 ${sha256}, not ${expected}. Send it again.`;
      throw new UploadRefused("checksum", message);
    }
    const receipt = { sizeBytes, sha256, receivedAt: now.toISOString(), by: upload.by };
    await syncPath(part);
    // Without a receipt a file is not restored: the old one's must not stand beside the new file.
    await rm(receiptPath(path), { force: true });
    await rename(part, path);
    await replaceFile(receiptPath(path), `${JSON.stringify(receipt, null, 2)}\n`);
    await syncPath(dirname(path));
    return receipt;
  } finally {
    await rm(part, { force: true });
  }
}

/** Removes what killed processes left: a part to which nobody adds any more. */
async function removeLeft(directory: string, now: Date): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!PART.test(name)) continue;
    const part = join(directory, name);
    const changed = (await lstat(part).catch(() => undefined))?.mtimeMs ?? Infinity;
    if (now.getTime() - changed > LEFT_MS) await rm(part, { force: true });
  }
}

async function writeBody(
  { name, directory, body, bytesMax }: Upload,
  part: string,
): Promise<Pick<UploadReceipt, "sizeBytes" | "sha256">> {
  const hash = createHash("sha256");
  const room = await roomIn(directory);
  let sizeBytes = 0;
  await using file = await open(part, "wx", 0o600);
  for await (const chunk of body) {
    sizeBytes += chunk.length;
    if (sizeBytes > bytesMax) {
      throw new UploadRefused("size", `${name}: is larger than ${bytesMax} bytes.`);
    }
    if (sizeBytes > room) {
      const message = `${name}: is larger than what is free on the disk. Free some.`;
      throw new UploadRefused("room", message);
    }
    hash.update(chunk);
    await file.writeFile(chunk);
  }
  return { sizeBytes, sha256: hash.digest("hex") };
}

/** A file that lies where uploads are. */
export interface UploadedFile {
  readonly path: string;
  readonly sizeBytes: number;
  /** Undefined when it came another way. */
  readonly receipt: UploadReceipt | undefined;
}

/** The uploaded file of this name; undefined when there is none. A link is none. */
export async function findUpload(
  directory: string,
  name: string,
): Promise<UploadedFile | undefined> {
  const path = uploadPath(directory, name);
  if (path === undefined) return undefined;
  try {
    const file = await lstat(path);
    if (!file.isFile()) return undefined;
    return { path, sizeBytes: file.size, receipt: await readReceipt(path) };
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function readReceipt(path: string): Promise<UploadReceipt | undefined> {
  try {
    const said = Receipt.safeParse(JSON.parse(await readFile(receiptPath(path), "utf8")));
    return said.success ? said.data : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function uploadPath(directory: string, name: string): string | undefined {
  return UPLOAD_NAME.test(name) ? join(directory, name) : undefined;
}

function receiptPath(path: string): string {
  return `${path}.receipt.json`;
}
