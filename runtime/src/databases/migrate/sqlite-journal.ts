import { DatabaseSync } from "node:sqlite";
import { retryWhileBusy } from "../sqlite.ts";

/** How long a writer waits for another one, in ms. See docs/sources.md. */
const BUSY_TIMEOUT_MS = 30_000;

/** Longest error text that the journal keeps. */
const ERROR_CHARACTERS_MAX = 500;

/** A migration that ran, or that a person marked. */
export interface JournalEntry {
  readonly id: string;
  readonly checksum: string;
  readonly state: "applied" | "failed";
  /** ISO 8601 in UTC. */
  readonly at: string;
  /** `runtime`, or who marked it. */
  readonly by: string;
  readonly error: string | null;
}

/** A person's change of the journal. */
export interface AuditEntry {
  readonly at: string;
  readonly action: "mark" | "retry";
  readonly id: string;
  readonly by: string;
}

export type Journal = ReadonlyMap<string, JournalEntry>;

/** Opens a database and its journal, and closes it after the work. */
export async function withJournal<T>(
  path: string,
  work: (database: DatabaseSync) => T | Promise<T>,
): Promise<T> {
  using database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  database.exec(`
    CREATE TABLE IF NOT EXISTS opspec_migrations (
      id TEXT PRIMARY KEY, checksum TEXT NOT NULL, state TEXT NOT NULL,
      at TEXT NOT NULL, by TEXT NOT NULL, error TEXT);
    CREATE TABLE IF NOT EXISTS opspec_migration_audit (
      at TEXT NOT NULL, action TEXT NOT NULL, id TEXT NOT NULL, by TEXT NOT NULL);`);
  return await work(database);
}

/** All entries by id. */
export function readJournal(database: DatabaseSync): Journal {
  const columns = "id, checksum, state, at, by, error";
  const entries = rowsOf<JournalEntry>(
    database,
    `SELECT ${columns} FROM opspec_migrations ORDER BY id`,
  );
  return new Map(entries.map((entry) => [entry.id, entry]));
}

/** Rows of our own tables are not checked again. */
function rowsOf<T>(database: DatabaseSync, text: string): T[] {
  return database
    .prepare(text)
    .all()
    .map((row) => ({ ...row }) as T);
}

export function writeEntry(database: DatabaseSync, entry: JournalEntry): void {
  const { id, checksum, state, at, by } = entry;
  const error = entry.error?.slice(0, ERROR_CHARACTERS_MAX) ?? null;
  database
    .prepare("INSERT OR REPLACE INTO opspec_migrations VALUES (?, ?, ?, ?, ?, ?)")
    .run(id, checksum, state, at, by, error);
}

export function removeEntry(database: DatabaseSync, id: string): void {
  database.prepare("DELETE FROM opspec_migrations WHERE id = ?").run(id);
}

/** What people did, oldest first. */
export function readAudit(database: DatabaseSync): AuditEntry[] {
  return rowsOf(database, "SELECT at, action, id, by FROM opspec_migration_audit");
}

export function writeAudit(database: DatabaseSync, { at, action, id, by }: AuditEntry): void {
  database
    .prepare("INSERT INTO opspec_migration_audit VALUES (?, ?, ?, ?)")
    .run(at, action, id, by);
}

/**
 * Runs `work` in a transaction that has the write lock from its start. While another process has it,
 * this one waits and goes on with its other work.
 */
export async function inTransaction<T>(database: DatabaseSync, work: () => T): Promise<T> {
  database.exec("PRAGMA busy_timeout = 0");
  await retryWhileBusy(() => database.exec("BEGIN IMMEDIATE"), { waitMs: BUSY_TIMEOUT_MS });
  database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    // SQLite ends the transaction itself after some errors, for example when the disk is full.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/** What an app recorded about the migrations that it runs itself. */
export interface AppMigrationStatus {
  readonly executed: readonly string[];
  readonly failed: readonly { readonly name: string; readonly error: string }[];
}

/**
 * Reads the app's own table, `migration_log(name, success, error_message)`. A database without the
 * table has run none.
 *
 * The runtime never writes it: two owners of one database's migrations would undo each other's.
 */
export function appMigrationStatus(path: string): AppMigrationStatus {
  using database = new DatabaseSync(path, { readOnly: true });
  const isThere = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'migration_log'";
  if (database.prepare(isThere).get() === undefined) return { executed: [], failed: [] };
  const rows = database
    .prepare("SELECT name, success, error_message AS error FROM migration_log ORDER BY id")
    .all()
    .map(({ name, success, error }) => ({
      name: String(name),
      isApplied: success === 1,
      error: String(error ?? "unknown"),
    }));
  return {
    executed: rows.filter(({ isApplied }) => isApplied).map(({ name }) => name),
    failed: rows.filter(({ isApplied }) => !isApplied).map(({ name, error }) => ({ name, error })),
  };
}
