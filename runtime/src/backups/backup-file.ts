import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename } from "node:path";
import { momentOf } from "../jobs/file.ts";
import { errorCode } from "../contract/error-code.ts";

/** A backup by its name: prefix, time in UTC, and a number when a second has several. */
export interface BackupFile {
  readonly name: string;
  /** The time in the name: a copy or a restore makes an old backup look new by its modification time. */
  readonly takenAt: Date;
  readonly number: number;
}

/** The backups of a directory, newest first. A link is none: what it points to is somebody else's. */
export async function backupFiles(directory: string, prefix: string): Promise<BackupFile[]> {
  const files = (await entriesOf(directory)).filter((entry) => entry.isFile());
  return newestFirst(files.flatMap(({ name }) => backupOf(name, prefix) ?? []));
}

/** In the order of their names' times and, within a second, of their numbers. */
export function newestFirst(files: readonly BackupFile[]): BackupFile[] {
  return files.toSorted((a, b) => b.takenAt.getTime() - a.takenAt.getTime() || b.number - a.number);
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

/** How the names of a database's backups begin when nobody says it: `/data/ventas.db` has `ventas_`. */
export function defaultPrefix(database: string): string {
  return `${basename(database).replace(/\.[^.]*$/, "")}_`;
}

/**
 * Which backups are too many: all but the newest by name and those that must not go.
 *
 * The one that was verified last stays, however old its name makes it: after a clock was set back,
 * the newest by name may all be older than it.
 */
export function tooMany(
  sorted: readonly BackupFile[],
  keep: number,
  neverRemoved: ReadonlySet<string>,
): BackupFile[] {
  return sorted.slice(keep).filter(({ name }) => !neverRemoved.has(name));
}
