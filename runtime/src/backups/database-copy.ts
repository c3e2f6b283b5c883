import { open, stat, statfs } from "node:fs/promises";
import { backup, DatabaseSync } from "node:sqlite";
import { retryWhileBusy } from "../databases/sqlite.ts";
import { JobFailure } from "../jobs/definition.ts";

/** Pages of one step, 4 MB with the usual 4 kB pages: a copy can stop between two steps. */
const STEP_PAGES = 1_000;

/** Disk space that stays free for the app: neither a backup nor a restore may fill the disk. */
const MARGIN_BYTES = 16 * 1024 * 1024;

export interface DatabaseCopy {
  readonly database: string;
  readonly target: string;
  readonly signal: AbortSignal;
}

/**
 * Copies a database in use by SQLite's online backup: all rows of one moment, also those that are only
 * in the write-ahead log.
 *
 * A read transaction stays open during the copy. Without it, the copy restarts after each write of
 * another process and never ends under steady writes.
 *
 * @see https://www.sqlite.org/c3ref/backup_finish.html#sqlite3backupstep
 */
export async function copyDatabase({ database, target, signal }: DatabaseCopy): Promise<void> {
  using source = new DatabaseSync(database, { readOnly: true, timeout: 0 });
  source.exec("BEGIN");
  // The transaction starts at its first read.
  const read = () => source.prepare("SELECT count(*) FROM sqlite_schema").get();
  await retryWhileBusy(read, { signal });
  await copyOpen(source, target, signal);
}

/**
 * Copies the data of an open connection. No other process may change them meanwhile.
 *
 * The file is made with its own permissions first: SQLite would make one that everybody may read.
 */
export async function copyOpen(
  source: DatabaseSync,
  target: string,
  signal: AbortSignal,
): Promise<void> {
  await open(target, "wx", 0o600).then((file) => file.close());
  await backup(source, target, {
    rate: STEP_PAGES,
    progress: () => signal.throwIfAborted(),
  });
}

/** Files to copy into a directory; `what` names the copy in the message, such as `a backup`. */
export interface SpaceNeed {
  readonly directory: string;
  /** A file that does not exist needs no space. */
  readonly files: readonly string[];
  readonly what: string;
  readonly remedy: string;
}

/** Refuses to start what the disk has no space for. */
export async function requireSpace({ directory, files, what, remedy }: SpaceNeed): Promise<void> {
  const sizes = await Promise.all(files.map((path) => stat(path).catch(() => ({ size: 0 }))));
  const bytes = sizes.reduce((sum, { size }) => sum + size, 0);
  const space = await freeSpace(directory);
  if (space >= bytes) return;
  const [needed, free] = [bytes + MARGIN_BYTES, space + MARGIN_BYTES];
  throw new JobFailure(`${directory}: ${what} needs ${needed} bytes, got ${free}. ${remedy}`);
}

/** How many bytes may be written into a directory; negative when the rest is the app's margin. */
export async function freeSpace(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize - MARGIN_BYTES;
}
