import { open } from "node:fs/promises";
import { backup, DatabaseSync } from "node:sqlite";
import { retryWhileBusy } from "../databases/sqlite.ts";

/** From which file to which, until it is stopped. */
export interface DatabaseCopy {
  readonly database: string;
  readonly target: string;
  readonly signal: AbortSignal;
}

/** Pages of one step, 4 MB of the usual 4 kB: between steps the copy can be stopped. */
const STEP_PAGES = 1_000;

/**
 * Copies a database in use, by SQLite's online backup: all rows of one moment, also those that are
 * only in the write-ahead log.
 *
 * A read transaction is open meanwhile. Without it the copy begins anew whenever somebody else
 * writes, and under steady writes it never ends.
 *
 * @see https://www.sqlite.org/c3ref/backup_finish.html#sqlite3backupstep
 */
export async function copyDatabase({ database, target, signal }: DatabaseCopy): Promise<void> {
  using source = new DatabaseSync(database, { readOnly: true, timeout: 0 });
  source.exec("BEGIN");
  // The transaction is open from its first read on.
  const read = () => source.prepare("SELECT count(*) FROM sqlite_schema").get();
  await retryWhileBusy(read, { signal });
  await copyOpen(source, target, signal);
}

/**
 * Copies what an open connection sees; it must be one that nobody else can change meanwhile.
 *
 * SQLite would make a file that everybody may read, and a copy has all that the database has.
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
