import { DatabaseSync } from "node:sqlite";

/** How long a writer waits for another one, in milliseconds; see docs/sources.md. */
const BUSY_TIMEOUT_MS = 30_000;

/** Longest text of an error that is kept. */
const ERROR_CHARACTERS_MAX = 500;

/** What is known of a migration that was tried, or marked by hand. */
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

/** Something that a person did to the journal. */
export interface AuditEntry {
  readonly at: string;
  readonly action: "mark" | "retry";
  readonly id: string;
  readonly by: string;
}

/** Opens a database for migrating: one connection, which waits for other writers. */
export function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
  return database;
}

/** Makes the tables in which migrations are recorded, where they are missing. */
export function ensureJournal(database: DatabaseSync): void {
  database.exec(`
    CREATE TABLE IF NOT EXISTS opspec_migrations (
      id TEXT PRIMARY KEY, checksum TEXT NOT NULL, state TEXT NOT NULL,
      at TEXT NOT NULL, by TEXT NOT NULL, error TEXT);
    CREATE TABLE IF NOT EXISTS opspec_migration_audit (
      at TEXT NOT NULL, action TEXT NOT NULL, id TEXT NOT NULL, by TEXT NOT NULL);`);
}

/** All entries, by id. */
export function readJournal(database: DatabaseSync): Map<string, JournalEntry> {
  const rows = database
    .prepare("SELECT id, checksum, state, at, by, error FROM opspec_migrations ORDER BY id")
    .all();
  return new Map(rows.map(toEntry).map((entry) => [entry.id, entry]));
}

export function writeEntry(database: DatabaseSync, entry: JournalEntry): void {
  database
    .prepare("INSERT OR REPLACE INTO opspec_migrations VALUES (?, ?, ?, ?, ?, ?)")
    .run(
      entry.id,
      entry.checksum,
      entry.state,
      entry.at,
      entry.by,
      entry.error?.slice(0, ERROR_CHARACTERS_MAX) ?? null,
    );
}

export function removeEntry(database: DatabaseSync, id: string): void {
  database.prepare("DELETE FROM opspec_migrations WHERE id = ?").run(id);
}

export function writeAudit(database: DatabaseSync, { at, action, id, by }: AuditEntry): void {
  database
    .prepare("INSERT INTO opspec_migration_audit VALUES (?, ?, ?, ?)")
    .run(at, action, id, by);
}

/** What people did, oldest first. */
export function readAudit(database: DatabaseSync): AuditEntry[] {
  const rows = database.prepare("SELECT at, action, id, by FROM opspec_migration_audit").all();
  return rows.map((row) => ({
    at: String(row["at"]),
    action: row["action"] === "mark" ? "mark" : "retry",
    id: String(row["id"]),
    by: String(row["by"]),
  }));
}

/** Runs `work` in a transaction that holds the write lock from its start. */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    // SQLite ends a transaction by itself after some errors, a full disk for one.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

function toEntry(row: Record<string, unknown>): JournalEntry {
  return {
    id: String(row["id"]),
    checksum: String(row["checksum"]),
    state: row["state"] === "applied" ? "applied" : "failed",
    at: String(row["at"]),
    by: String(row["by"]),
    error: row["error"] === null ? null : String(row["error"]),
  };
}
