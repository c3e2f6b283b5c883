import type { BigIntStats } from "node:fs";
import { mkdir, readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as wait } from "node:timers/promises";
import { errorCode } from "../contract/error-code.ts";
import { EXIT } from "../contract/exit-code.ts";
import { hasHeader, hasResultCode, isBusy, retryWhileBusy } from "../databases/sqlite.ts";
import { JobFailure } from "../jobs/definition.ts";

/** How long to wait for other processes, in ms: a health check uses the database briefly, a stopped app lets go. */
const WAIT_MS = 5_000;

const POLL_MS = 100;

/** SQLITE_CORRUPT and SQLITE_NOTADB. @see https://www.sqlite.org/rescode.html */
const UNUSABLE_CODES = new Set([11, 26]);

/** A database that no other process can use until it is released. */
export type DatabaseHold =
  | { readonly state: "held"; readonly connection: DatabaseSync; release(): void }
  /** `unusable`: the file is no valid database, so it cannot be locked. */
  | { readonly state: "missing" | "unusable"; release(): void };

interface Patience {
  readonly signal: AbortSignal;
  readonly waitMs: number;
}

/** A process that has a file open. */
export interface Holder {
  readonly pid: number;
  /** Name of its program; empty when it has ended. */
  readonly name: string;
}

/** Another process uses the database. */
export class DatabaseInUse extends Error {
  override readonly name = "DatabaseInUse";

  constructor(database: string, holders: readonly Holder[]) {
    const who = holders.length > 0 ? holderText(holders) : "another process or job";
    super(`${database}: ${who} has it open.`);
  }
}

/**
 * Locks a database for this process alone, or throws a DatabaseInUse.
 *
 * It is SQLite's exclusive lock, kept without a transaction. In WAL mode, every other connection
 * prevents it, also an idle one. @see https://www.sqlite.org/pragma.html#pragma_locking_mode
 */
export async function holdDatabase(
  database: string,
  { signal, waitMs = WAIT_MS }: Pick<Patience, "signal"> & Partial<Patience>,
): Promise<DatabaseHold> {
  await untilUnused(database, { signal, waitMs });
  const hold = await lockDatabase(database, { signal, waitMs });
  const holders = await holdersOf(database);
  if (holders.length === 0) return hold;
  hold.release();
  throw new DatabaseInUse(database, holders);
}

/** Waits before the lock is taken, so that an app that keeps running is not blocked for nothing. */
async function untilUnused(database: string, { signal, waitMs }: Patience): Promise<void> {
  const until = performance.now() + waitMs;
  for (;;) {
    const holders = await holdersOf(database);
    if (holders.length === 0) return;
    if (performance.now() >= until) throw new DatabaseInUse(database, holders);
    await wait(POLL_MS, undefined, { signal });
  }
}

async function lockDatabase(database: string, patience: Patience): Promise<DatabaseHold> {
  const size = await sizeOf(database);
  if (size === undefined) return { state: "missing", release: noRelease };
  // SQLite would delete the log of a file that is no database; the log must be kept with it.
  if (size > 0 && !(await hasHeader(database))) return { state: "unusable", release: noRelease };
  try {
    const connection = await retryWhileBusy(() => openAlone(database), patience);
    return { state: "held", connection, release: () => connection.close() };
  } catch (error) {
    if (hasResultCode(error, UNUSABLE_CODES)) return { state: "unusable", release: noRelease };
    if (isBusy(error)) throw new DatabaseInUse(database, await holdersOf(database));
    throw error;
  }
}

function noRelease(): void {}

async function sizeOf(database: string): Promise<number | undefined> {
  try {
    return (await stat(database)).size;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Opens a new connection for each attempt: a refused one has read half of what it needs. */
function openAlone(database: string): DatabaseSync {
  const connection = new DatabaseSync(database, { timeout: 0 });
  try {
    connection.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT");
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/**
 * The other processes that have a file open, as far as the kernel shows them to this one.
 *
 * SQLite's locks reveal every connection in WAL mode, but no idle one in the other modes, and a file
 * that is no database has no locks. Outside Linux the list is empty. @see proc_pid_fd(5)
 */
export async function holdersOf(file: string): Promise<Holder[]> {
  const wanted = await stat(file, { bigint: true }).catch(() => undefined);
  if (!wanted) return [];
  const pids = (await readdir("/proc").catch(() => []))
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid > 0 && pid !== process.pid);
  const holders: Holder[] = [];
  for (const pid of pids) {
    if (await hasOpen(pid, wanted)) holders.push({ pid, name: await programName(pid) });
  }
  return holders;
}

/** Another user's process does not show its files, and one that just ended has none. */
async function hasOpen(pid: number, { dev, ino }: BigIntStats): Promise<boolean> {
  const directory = `/proc/${pid}/fd`;
  for (const descriptor of await readdir(directory).catch(() => [])) {
    const open = await stat(`${directory}/${descriptor}`, { bigint: true }).catch(() => undefined);
    if (open?.dev === dev && open.ino === ino) return true;
  }
  return false;
}

/** From the command line: Node and others rename their process after a thread. */
async function programName(pid: number): Promise<string> {
  const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return basename(line.split("\0", 1).join("")).trim();
}

/** `gunicorn (process 17)`, for messages. */
export function holderText(holders: readonly Holder[]): string {
  return holders.map(({ pid, name }) => `${name || "a program"} (process ${pid})`).join(", ");
}

export interface BackupLock {
  readonly directory: string;
  readonly prefix: string;
  readonly signal: AbortSignal;
  readonly waitMs?: number;
}

/** How long a backup waits for another one of the same database, in ms; see docs/sources.md. */
const LOCK_WAIT_MS = 5_000;

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

async function lockFile({ directory, prefix, signal, waitMs = LOCK_WAIT_MS }: BackupLock) {
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
