import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { EXIT } from "../../exit-code.ts";
import { JobFailure } from "../../job-definition.ts";
import { isBusy, retryWhileBusy } from "../../sources/sqlite-busy.ts";

/** What is locked, and how long one waits for it. */
export interface BackupLock {
  readonly directory: string;
  readonly prefix: string;
  readonly signal: AbortSignal;
  readonly waitMs?: number;
}

/** Another backup of the same database is waited for so long: chorizaurio's own lock waits 5 s. */
const WAIT_MS = 5_000;

/**
 * Does the work while no other process backs up under the same names; without the lock it does not.
 *
 * The lock is SQLite's own on an empty file, because Node has no flock(2): the kernel frees it with
 * its holder, so that a killed backup never blocks the next, and no time limit can be too short.
 */
export async function withBackupLock<T>(lock: BackupLock, work: () => Promise<T>): Promise<T> {
  using file = new DatabaseSync(join(lock.directory, `.${lock.prefix}lock`), { timeout: 0 });
  try {
    const patience = { waitMs: lock.waitMs ?? WAIT_MS, signal: lock.signal };
    await retryWhileBusy(() => file.exec("BEGIN EXCLUSIVE"), patience);
  } catch (error) {
    if (!isBusy(error)) throw error;
    const message = "another backup of the same database is under way. No backup was made.";
    throw new JobFailure(message, { exitCode: EXIT.temporary });
  }
  return await work();
}
