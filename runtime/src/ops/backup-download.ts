import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { fingerprint } from "../backups/backup-note.ts";
import { backupSetsOf, findBackup, type ListedBackup } from "../backups/backup-sets.ts";
import { HttpError } from "../http.ts";
import type { ProcessContext } from "../run/process.ts";
import { errorCode } from "../contract/error-code.ts";
import { CHECKSUM_HEADER, downloadOf } from "./file-download.ts";

/** The backup of this name in any set of the process; a 404 for every name that is none. */
export async function backupNamed(
  process: ProcessContext,
  filename: string,
): Promise<ListedBackup> {
  for (const set of backupSetsOf(process)) {
    const backup = await findBackup(set, filename);
    if (backup) return backup;
  }
  throw noBackup();
}

/** A backup as it is on the disk, read while it is sent: it may be longer than the memory. */
export async function downloadBackup(
  process: ProcessContext,
  filename: string,
  signal: AbortSignal,
): Promise<Response> {
  const backup = await backupNamed(process, filename);
  const sha256 = backup.sha256 ?? (await fingerprint(backup.path, signal)).sha256;
  const file = await openBackup(backup);
  return downloadOf(file, {
    // The name has letters, digits, dots, dashes and underscores, and nothing that ends the quotes.
    "content-disposition": `attachment; filename="${backup.filename}"`,
    [CHECKSUM_HEADER]: sha256,
  });
}

/** Once it is open, its rotation does not cut the download off. A link is nobody's backup. */
async function openBackup({ path }: ListedBackup): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (["ENOENT", "ELOOP"].includes(errorCode(error) ?? "")) throw noBackup();
    throw error;
  }
}

function noBackup(): HttpError {
  return new HttpError(404, "there is no such backup");
}
