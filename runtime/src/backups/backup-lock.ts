import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { EXIT } from "../contract/exit-code.ts";
import { JobFailure } from "../jobs/definition.ts";
import { errorCode } from "../contract/error-code.ts";
import { isBusy, retryWhileBusy } from "../databases/sqlite.ts";

/** What is locked, and how long one waits for it. */
export interface BackupLock {
  readonly directory: string;
  readonly prefix: string;
  readonly signal: AbortSignal;
  readonly waitMs?: number;
}

/** How long a backup waits for another one of the same database; see docs/sources.md. */
const WAIT_MS = 5_000;

/** Without a journal on the disk: a full one must not keep from removing what fills it. */
const TAKE = "PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE";

/**
 * Does the work while no other process backs up or restores under the same names; without the lock
 * it does not.
 *
 * The lock is SQLite's own on an empty file, because Node has no flock(2): the kernel frees it with
 * its holder, so that a killed backup never blocks the next, and no time limit can be too short.
 */
export async function withBackupLock<T>(lock: BackupLock, work: () => Promise<T>): Promise<T> {
  using _ = await lockFile(lock);
  return await work();
}

/** The locked file, in a directory that is made for it. */
async function lockFile({ directory, prefix, signal, waitMs = WAIT_MS }: BackupLock) {
  let file: DatabaseSync | undefined;
  try {
    await mkdir(directory, { recursive: true });
    const open = new DatabaseSync(join(directory, `.${prefix}lock`), { timeout: 0 });
    file = open;
    await retryWhileBusy(() => open.exec(TAKE), { waitMs, signal });
    return open;
  } catch (error) {
    file?.close();
    signal.throwIfAborted();
    throw lockFailure(directory, error);
  }
}

function lockFailure(directory: string, error: unknown): JobFailure {
  if (isBusy(error)) {
    const message =
      "another backup or restore of the same database is under way. Nothing was done.";
    return new JobFailure(message, { exitCode: EXIT.temporary });
  }
  const code = errorCode(error);
  const reason = error instanceof Error ? error.message : "unknown reason";
  const message = `${directory}: cannot be used for backups: ${code === "EEXIST" ? "it is no directory" : reason}.`;
  return new JobFailure(`${message} Look whether it is a directory with room, and whose it is.`, {
    cause: error,
  });
}
