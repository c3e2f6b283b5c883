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

/**
 * Source of two functions for a thread that has a database open.
 *
 * `integrityOf(database, check, max)` runs `integrity_check` or `quick_check` and returns `problems`,
 * at most `max`, and `unchecked`. `rowsOf(database, table)` counts rows.
 *
 * An app may define collations, functions, tokenizers and modules of virtual tables that exist only in
 * its own connections. Where SQLite needs one, a statement fails with SQLITE_ERROR, and one such object
 * fails the check of the whole database. Damage has other codes. So the tables are checked one by one,
 * each as far as SQLite can, and `unchecked` names the rest with the reason.
 *
 * @see https://www.sqlite.org/rescode.html#error
 */
export const INTEGRITY = String.raw`
  const isUnknown = (error) => error.code === "ERR_SQLITE_ERROR" && (error.errcode & 0xff) === 1;
  const quoted = (name) => '"' + name.replaceAll('"', '""') + '"';

  /** The first attempt that SQLite can do: its number, its value, and why it could not do the first. */
  function firstPossible(...attempts) {
    let why;
    for (const [step, attempt] of attempts.entries()) {
      try {
        return { step, value: attempt(), why };
      } catch (error) {
        if (!isUnknown(error)) throw error;
        why ??= error.message;
      }
    }
    return { step: attempts.length, why };
  }

  function integrityOf(database, check, max) {
    const whole = firstPossible(() => findings(database, check + "(" + max + ")"));
    const tables = database.prepare(
      "SELECT name, type FROM pragma_table_list WHERE schema = 'main' AND type <> 'view'"
        + " AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY name",
    ).all();
    const isWhole = whole.why === undefined;
    // SQLite passes over a virtual table whose module it does not know.
    const checks = tables
      .filter(({ type }) => type === "virtual" || !isWhole)
      .map(({ name, type }) =>
        type === "virtual"
          ? checkVirtual(database, name, isWhole ? undefined : check)
          : checkTable(database, name, check));
    const problems = whole.value ?? checks.flatMap((it) => it.problems ?? []);
    return { problems: problems.slice(0, max), unchecked: checks.flatMap((it) => it.unchecked ?? []) };
  }

  function findings(database, pragma) {
    const texts = database.prepare("PRAGMA " + pragma).all().map((row) => Object.values(row)[0]);
    const lines = texts.flatMap((text) => text.replace(/^[*]{3} .*\n/, "").split("\n"));
    return lines.filter((line) => line !== "ok");
  }

  function checkTable(database, name, check) {
    const { step, value, why } = firstPossible(
      () => findings(database, check + "(" + quoted(name) + ")"),
      () => {
        database.exec("PRAGMA ignore_check_constraints = ON");
        try {
          return findings(database, "quick_check(" + quoted(name) + ")");
        } finally {
          database.exec("PRAGMA ignore_check_constraints = OFF");
        }
      },
      () => damagedPages(database, name),
    );
    const depth = ["", "checked without its indexes and constraints", "only checked page by page"][step];
    return { problems: value, unchecked: step === 0 ? [] : ['table "' + name + '" was ' + depth + ": " + why] };
  }

  function damagedPages(database, table) {
    const damaged = "SELECT DISTINCT name FROM dbstat WHERE pagetype = 'corrupted' AND name IN"
      + " (SELECT name FROM sqlite_schema WHERE tbl_name = ? AND rootpage > 0)";
    return database.prepare(damaged).all(table).map(({ name }) => '"' + name + '" has a damaged page');
  }

  /** The tables that hold the data of a virtual table are checked as tables. */
  function checkVirtual(database, name, check) {
    const { step, value, why } = firstPossible(() => {
      database.prepare("SELECT * FROM pragma_table_info(?)").all(name);
      return check ? findings(database, check + "(" + quoted(name) + ")") : [];
    });
    if (step === 0) return { problems: value };
    // FTS5 names an unknown tokenizer only in a search.
    const search = "SELECT 1 FROM " + quoted(name) + " WHERE " + quoted(name) + " MATCH 'a'";
    const reason = firstPossible(() => database.prepare(search).all()).why ?? why;
    return { unchecked: ['virtual table "' + name + '" was not checked: ' + reason] };
  }

  /** Without the table's own order, the cells of its pages are counted. Interior pages have rows too. */
  function rowsOf(database, name) {
    const count = "SELECT count(*) AS n FROM " + quoted(name);
    const cells = "SELECT sum(ncell) AS n FROM dbstat WHERE name = ? AND pagetype <> 'overflow'";
    const { value } = firstPossible(
      () => database.prepare(count).get(),
      () => database.prepare(count + " NOT INDEXED").get(),
      () => database.prepare(cells).get(name),
    );
    return value.n;
  }
`;
