import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { momentOf } from "../../artifacts/stamp.ts";
import { errorCode } from "../../sources/source-error.ts";

/** A backup by its name: prefix, time in UTC, and a number when a second has several. */
export interface BackupFile {
  readonly name: string;
  /** The time in the name: a copy or a restore makes an old backup look new by its modification time. */
  readonly takenAt: Date;
  readonly number: number;
}

/** Name of the note that lies beside a backup. */
export function noteName(backup: string): string {
  return `${backup}.json`;
}

/** The backups of a directory, newest first. A link is none: what it points to is somebody else's. */
export async function listBackups(directory: string, prefix: string): Promise<BackupFile[]> {
  return (await entriesOf(directory))
    .filter((entry) => entry.isFile())
    .flatMap(({ name }) => backupOf(name, prefix) ?? [])
    .toSorted((a, b) => b.takenAt.getTime() - a.takenAt.getTime() || b.number - a.number);
}

async function entriesOf(directory: string): Promise<Dirent[]> {
  try {
    return await readdir(directory, { withFileTypes: true });
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}

/** The backup that a file name tells, or undefined for any other file. */
export function backupOf(name: string, prefix: string): BackupFile | undefined {
  if (!name.startsWith(prefix)) return undefined;
  const match = /^(\d{8}_\d{6})(?:_(\d{1,3}))?\.db$/.exec(name.slice(prefix.length));
  const takenAt = momentOf(match?.[1] ?? "");
  return takenAt && { name, takenAt, number: Number(match?.[2] ?? 0) };
}

/**
 * Which backups are too many. The one that was verified last stays, however old its name makes it:
 * after a clock was set back, the newest by name may all be older than it.
 */
export function tooMany(
  newestFirst: readonly BackupFile[],
  keep: number,
  lastVerified: string,
): BackupFile[] {
  return newestFirst.slice(keep).filter(({ name }) => name !== lastVerified);
}
