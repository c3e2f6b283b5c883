import { open, stat, statfs, chmod, chown, copyFile, readdir, rename, rm } from "node:fs/promises";
import { backup, DatabaseSync } from "node:sqlite";
import { randomUUID } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { retryWhileBusy } from "../databases/sqlite.ts";
import { JobFailure } from "../jobs/definition.ts";
import { errorCode } from "../contract/error-code.ts";
import { publish, stampsOf, syncPath } from "../jobs/file.ts";
import { type DatabaseHold, holdDatabase } from "./database-hold.ts";

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
async function copyOpen(source: DatabaseSync, target: string, signal: AbortSignal): Promise<void> {
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

/** SQLite's files beside a database. It would apply another database's files to this one. */
const COMPANIONS = ["-wal", "-shm", "-journal"];

/** A new file and the database that it replaces. */
export interface Replacement {
  readonly database: string;
  /** A finished file beside the database, which is renamed to it. */
  readonly staged: string;
  /** The time in the name of the safety copy. */
  readonly at: Date;
  readonly signal: AbortSignal;
}

/** A database that was replaced. */
export interface Replaced {
  /** Path of the copy of the old database; null when there was none. */
  readonly safetyCopy: string | null;
  /** Restores the old database. No process may use the database meanwhile. */
  rollBack(): Promise<void>;
}

/** A name beside a database for an unfinished file. */
export function stagedName(database: string): string {
  const id = randomUUID().slice(0, 8);
  return join(dirname(database), `${stagedPrefix(database)}${id}.part`);
}

function stagedPrefix(database: string): string {
  return `.${basename(database)}.restore-`;
}

/** Removes the unfinished files of killed restores beside a database. */
export async function removeStaged(database: string): Promise<void> {
  for (const name of await readdir(dirname(database))) {
    if (!name.startsWith(stagedPrefix(database)) || !name.includes(".part")) continue;
    await rm(join(dirname(database), name), { force: true });
  }
}

/**
 * Replaces a database that no other process uses, after a safety copy.
 *
 * The path always has the whole old database or the whole new one: the write-ahead log is first
 * written into the old file and removed. SQLite would mix the new database with the old log.
 */
export async function replaceDatabase(replacement: Replacement): Promise<Replaced> {
  const { database, signal } = replacement;
  const hold = await holdDatabase(database, { signal });
  try {
    const safetyCopy = await copyOld(replacement, hold);
    signal.throwIfAborted();
    await replaceHeld(replacement, hold);
    return { safetyCopy, rollBack: () => rollBack(database, safetyCopy, hold.state) };
  } finally {
    hold.release();
  }
}

/** Uses the online backup for a valid database and copies the files of an unusable one. */
async function copyOld(
  { database, at, signal }: Replacement,
  hold: DatabaseHold,
): Promise<string | null> {
  if (hold.state === "missing") return null;
  const unfinished = stagedName(database);
  try {
    if (hold.state === "held") await copyOpen(hold.connection, unfinished, signal);
    else await copyFile(database, unfinished);
    await chmod(unfinished, 0o600);
    for (const stamp of stampsOf(at)) {
      const path = `${database}.before_restore-${stamp}`;
      if (!(await publish(unfinished, path))) continue;
      if (hold.state === "unusable") await copyCompanions(database, path);
      return path;
    }
  } finally {
    await removeDatabase(unfinished);
  }
  throw new Error(`${database}: all names of a safety copy are taken.`);
}

async function replaceHeld(
  { database, staged }: Replacement,
  hold: DatabaseHold,
  isDatabase = true,
): Promise<void> {
  const mode = hold.state === "held" ? journalMode(hold.connection) : undefined;
  await copyAttributes(database, staged, isDatabase ? mode : undefined);
  try {
    if (hold.state === "held") foldLog(database, hold.connection);
    for (const part of COMPANIONS) await rm(`${database}${part}`, { force: true });
    await syncPath(dirname(database));
    await rename(staged, database);
  } catch (error) {
    if (hold.state === "held" && mode === "wal") hold.connection.exec("PRAGMA journal_mode = WAL");
    throw error;
  }
  await syncPath(dirname(database));
}

/** Writes the log into the database file. When SQLite cannot, the journal mode stays as it was. */
function foldLog(database: string, connection: DatabaseSync): void {
  const mode = connection.prepare("PRAGMA journal_mode = DELETE").get()?.["journal_mode"];
  if (mode === "delete") return;
  throw new Error(
    `${database}: its write-ahead log could not be folded into it. It was not replaced.`,
  );
}

function journalMode(connection: DatabaseSync): unknown {
  return connection.prepare("PRAGMA journal_mode").get()?.["journal_mode"];
}

/** Gives the new file the old one's owner, permissions and journal mode. */
async function copyAttributes(database: string, staged: string, mode: unknown): Promise<void> {
  const old = await stat(database).catch(() => undefined);
  if (old) await chmod(staged, old.mode & 0o777);
  if (old && (old.uid !== process.geteuid?.() || old.gid !== process.getegid?.())) {
    await chown(staged, old.uid, old.gid);
  }
  if (mode === "wal") {
    using connection = new DatabaseSync(staged);
    connection.exec("PRAGMA journal_mode = WAL");
  }
  await syncPath(staged);
}

async function rollBack(
  database: string,
  safetyCopy: string | null,
  was: DatabaseHold["state"],
): Promise<void> {
  const { signal } = new AbortController();
  const hold = await holdDatabase(database, { signal });
  const staged = stagedName(database);
  try {
    if (safetyCopy === null) return await removeDatabase(database);
    await copyFile(safetyCopy, staged);
    await replaceHeld({ database, staged, at: new Date(), signal }, hold, was === "held");
    if (was === "unusable") await copyCompanions(safetyCopy, database);
  } finally {
    hold.release();
    await rm(staged, { force: true });
  }
}

/** Removes a database and its companions. */
export async function removeDatabase(database: string): Promise<void> {
  for (const part of ["", ...COMPANIONS]) await rm(`${database}${part}`, { force: true });
}

async function copyCompanions(from: string, to: string): Promise<void> {
  for (const part of COMPANIONS) {
    await copyFile(`${from}${part}`, `${to}${part}`).catch((error: unknown) => {
      if (errorCode(error) !== "ENOENT") throw error;
    });
  }
}
