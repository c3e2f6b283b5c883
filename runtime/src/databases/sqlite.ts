import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
} from "node:fs";
import { open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { errorCode } from "../contract/error-code.ts";

/** First bytes of every SQLite database. @see https://www.sqlite.org/fileformat.html#the_database_header */
const HEADER = Buffer.from("SQLite format 3\0", "latin1");

/** How long another connection may hold the database before it counts as locked, in ms. */
const BUSY_WAIT_MS = 5000;

/** Pause between two attempts on a locked database, in ms. */
const BUSY_RETRY_MS = 50;

/** SQLITE_BUSY. @see https://www.sqlite.org/rescode.html#busy */
const BUSY = new Set([5]);

/** SQLITE_BUSY and SQLITE_LOCKED. @see https://www.sqlite.org/rescode.html */
const LOCKED = new Set([5, 6]);

/**
 * Failures of the disk or of another process, not of a statement: busy, locked, out of memory,
 * read-only, input or output, full.
 */
const TEMPORARY = new Set([5, 6, 7, 8, 10, 13]);

/** State of a database file. Only `sound` can be used. */
export type SqliteState = "missing" | "empty" | "foreign" | "corrupt" | "locked" | "sound";

/** Inspects a database without changing it. It reads the first page only. */
export async function sqliteState(file: string): Promise<SqliteState> {
  const found = await stat(file).catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  });
  if (!found) return "missing";
  if (found.size === 0) return "empty";
  if (!(await hasHeader(file))) return "foreign";
  return readDatabase(file);
}

/** Whether a file starts with the header of a SQLite database. */
export async function hasHeader(file: string): Promise<boolean> {
  await using handle = await open(file, "r");
  const start = Buffer.alloc(HEADER.length);
  const { bytesRead } = await handle.read(start, 0, HEADER.length, 0);
  return bytesRead === HEADER.length && start.equals(HEADER);
}

async function readDatabase(file: string): Promise<SqliteState> {
  const { DatabaseSync } = await import("node:sqlite");
  let database;
  try {
    database = new DatabaseSync(file, { readOnly: true, timeout: BUSY_WAIT_MS });
    database.prepare("SELECT count(*) FROM sqlite_schema").get();
    return "sound";
  } catch (error) {
    return hasResultCode(error, LOCKED) ? "locked" : "corrupt";
  } finally {
    database?.close();
  }
}

/** Whether an error of SQLite has one of these result codes. */
export function hasResultCode(error: unknown, codes: ReadonlySet<number>): boolean {
  return codes.has(resultCode(error) ?? 0);
}

/**
 * The primary result code of an error of SQLite. An extended code has it in the lowest byte.
 *
 * @see https://www.sqlite.org/rescode.html
 */
export function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error)) return undefined;
  return typeof error.errcode === "number" ? error.errcode & 0xff : undefined;
}

/** Whether another connection has the database locked. */
export function isBusy(error: unknown): boolean {
  return hasResultCode(error, BUSY);
}

/** Whether the same statement may succeed later. */
export function isTemporary(error: unknown): boolean {
  return hasResultCode(error, TEMPORARY);
}

/**
 * Retries while another connection has the database locked, for 5 s at most. Then it throws the last
 * error.
 *
 * SQLite has a timeout of its own, but it blocks the event loop.
 */
export async function retryWhileBusy<T>(
  attempt: () => T,
  {
    waitMs = BUSY_WAIT_MS,
    signal,
  }: { readonly waitMs?: number; readonly signal?: AbortSignal } = {},
): Promise<T> {
  const until = performance.now() + waitMs;
  for (;;) {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error) || performance.now() >= until) throw error;
    }
    await wait(BUSY_RETRY_MS, undefined, signal ? { signal } : {});
  }
}

/** State files and backups may hold what inputs and outputs of jobs hold. */
const OWN_MODE = 0o600;

/** A database is its file and its journals, which SQLite would apply to any database of their name. */
const ENDINGS = ["-wal", "-shm", ""];

/** Creates the file of a database that only this user may read. SQLite gives its mode to the journals. */
export function prepareFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  closeSync(openSync(path, "a", OWN_MODE));
  for (const file of ENDINGS.map((ending) => path + ending)) {
    const stats = statSync(file, { throwIfNoEntry: false });
    // Older versions did not restrict it. Only its owner may change the mode.
    const isOurs = stats?.uid === process.getuid?.();
    if (stats && isOurs && (stats.mode & 0o777) !== OWN_MODE) chmodSync(file, OWN_MODE);
  }
}

/** Renames a damaged database and its journals; returns the new name. */
export function setAside(path: string): string {
  const renamed = `${path}.damaged-${new Date().toISOString().replaceAll(/[:.]/g, "")}`;
  for (const ending of ENDINGS.filter((it) => existsSync(path + it))) {
    renameSync(path + ending, renamed + ending);
  }
  return renamed;
}

/** Identifies a file also when another one takes its name. */
export function fileNumber(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}
