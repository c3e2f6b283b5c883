import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { errorCode } from "../contract/error-code.ts";
import { EXIT } from "../contract/exit-code.ts";
import { isBusy, retryWhileBusy } from "../databases/sqlite.ts";
import { JobFailure } from "../jobs/definition.ts";

export interface BackupLock {
  readonly directory: string;
  readonly prefix: string;
  readonly signal: AbortSignal;
  readonly waitMs?: number;
}

/** How long a backup waits for another one of the same database, in ms; see docs/sources.md. */
const WAIT_MS = 5_000;

/** The journal is in memory: a full disk must not prevent the removal of old backups. */
const TAKE = "PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE";

/**
 * Does the work while no other process backs up or restores under the same names.
 *
 * The lock is SQLite's own on an empty file, because Node has no flock(2). The kernel releases it when
 * its holder dies, so a killed backup never blocks the next one.
 */
export async function withBackupLock<T>(lock: BackupLock, work: () => Promise<T>): Promise<T> {
  using _ = await lockFile(lock);
  return await work();
}

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
      "another backup or restore of the same database is in progress. Nothing was done.";
    return new JobFailure(message, { exitCode: EXIT.temporary });
  }
  const reason = error instanceof Error ? error.message : "unknown reason";
  const why = errorCode(error) === "EEXIST" ? "it is no directory" : reason;
  const message = `${directory}: cannot be used for backups: ${why}. Check that it is a directory with free space that this process may write.`;
  return new JobFailure(message, { cause: error });
}
