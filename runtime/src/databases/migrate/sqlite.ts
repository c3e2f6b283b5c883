import { readFileSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { type MigrationFile, readMigrationFiles } from "./sqlite-files.ts";
import {
  type AuditEntry,
  ensureJournal,
  inTransaction,
  type JournalEntry,
  openDatabase,
  readAudit,
  readJournal,
  removeEntry,
  writeAudit,
  writeEntry,
} from "./sqlite-journal.ts";

/** How the migrations of a database stand. */
export interface MigrationStatus {
  readonly applied: readonly JournalEntry[];
  /** Failed ones are tried again only after `retry`. */
  readonly failed: readonly JournalEntry[];
  readonly pending: readonly string[];
  /** Applied once, and their file is gone. */
  readonly removed: readonly string[];
  /** The same content under a new id: it would run a second time, so it is not run. */
  readonly renamed: readonly { readonly from: string; readonly to: string }[];
  readonly audit: readonly AuditEntry[];
}

/** What a run did. */
export interface MigrationRun {
  readonly executed: readonly string[];
  readonly failed: JournalEntry | undefined;
}

/** A database and the folder of its migrations. */
export interface Migrations {
  readonly database: string;
  readonly directory: string;
  /** Runs an executable migration; resolves to its exit code. The database is in OPSPEC_SQLITE. */
  readonly runCommand: (file: MigrationFile) => Promise<number>;
  readonly now?: () => Date;
}

/** How the migrations stand; nothing is changed but the journal's own tables. */
export async function sqliteMigrationStatus(migrations: Migrations): Promise<MigrationStatus> {
  const files = await readMigrationFiles(migrations.directory);
  return withDatabase(migrations, (database) => statusOf(files, database));
}

/**
 * Runs what is pending, in order and each in its own transaction, and stops at the first that fails.
 *
 * The failure is recorded after its transaction was rolled back, so that it stays known. Instances
 * that start together wait for each other at the write lock and find the work done.
 */
export async function runSqliteMigrations(migrations: Migrations): Promise<MigrationRun> {
  const files = await readMigrationFiles(migrations.directory);
  return withDatabase(migrations, async (database) => {
    const { pending, failed } = statusOf(files, database);
    const [stopped] = failed;
    if (stopped) return { executed: [], failed: stopped };
    const executed: string[] = [];
    for (const file of files.filter(({ id }) => pending.includes(id))) {
      const entry = await apply(database, file, migrations);
      if (entry?.state === "failed") return { executed, failed: entry };
      if (entry) executed.push(file.id);
    }
    return { executed, failed: undefined };
  });
}

/** A person asked for something that cannot be done: told in plain words, and no crash. */
export class MigrationOrderError extends Error {
  override readonly name = "MigrationOrderError";
}

/** What a person says about one migration; `confirm` repeats its id. */
export interface MigrationOrder {
  readonly id: string;
  readonly by: string;
  readonly confirm: string;
}

/** Notes that a migration was done by other means: it will not run. */
export async function markSqliteMigration(
  migrations: Migrations,
  order: MigrationOrder,
): Promise<void> {
  const files = await readMigrationFiles(migrations.directory);
  const file = files.find(({ id }) => id === order.id);
  if (!file) throw unknownMigration(order.id, files);
  await withOrder(migrations, { ...order, action: "mark" }, (database, at) =>
    writeEntry(database, { ...file, state: "applied", at, by: order.by, error: null }),
  );
}

/** Lets a migration that failed be tried again by the next run. */
export async function retrySqliteMigration(
  migrations: Migrations,
  order: MigrationOrder,
): Promise<void> {
  await withOrder(migrations, { ...order, action: "retry" }, (database) => {
    const entry = readJournal(database).get(order.id);
    if (entry?.state === "failed") return removeEntry(database, order.id);
    const state = entry ? "was applied" : "has not run";
    const message = `migration "${order.id}": ${state}, so there is nothing to retry.`;
    throw new MigrationOrderError(message);
  });
}

function statusOf(files: readonly MigrationFile[], database: DatabaseSync): MigrationStatus {
  const journal = readJournal(database);
  const entries = [...journal.values()];
  const ids = new Set(files.map(({ id }) => id));
  const gone = entries.filter(({ id, state }) => state === "applied" && !ids.has(id));
  const renamed = gone.flatMap(({ id: from, checksum }) =>
    files
      .filter((file) => file.checksum === checksum && !journal.has(file.id))
      .map(({ id: to }) => ({ from, to })),
  );
  return {
    applied: entries.filter(({ state }) => state === "applied"),
    failed: entries.filter(({ state }) => state === "failed"),
    pending: files
      .map(({ id }) => id)
      .filter((id) => !journal.has(id) && !renamed.some(({ to }) => to === id)),
    removed: gone.map(({ id }) => id).filter((id) => !renamed.some(({ from }) => from === id)),
    renamed,
    audit: readAudit(database),
  };
}

/** The entry that it leaves, or undefined when another instance did it meanwhile. */
async function apply(
  database: DatabaseSync,
  file: MigrationFile,
  migrations: Migrations,
): Promise<JournalEntry | undefined> {
  const at = (migrations.now?.() ?? new Date()).toISOString();
  const entry = { id: file.id, checksum: file.checksum, at, by: "runtime" };
  const applied: JournalEntry = { ...entry, state: "applied", error: null };
  try {
    if (file.kind === "sql") return inTransaction(database, () => runSql(database, file, applied));
    await runExecutable(file, migrations);
    inTransaction(database, () => writeEntry(database, applied));
    return applied;
  } catch (error) {
    const failed: JournalEntry = { ...entry, state: "failed", error: messageOf(error) };
    inTransaction(database, () => writeEntry(database, failed));
    return failed;
  }
}

function runSql(
  database: DatabaseSync,
  file: MigrationFile,
  applied: JournalEntry,
): JournalEntry | undefined {
  if (readJournal(database).has(file.id)) return undefined;
  database.exec(readFileSync(file.path, "utf8"));
  if (!database.isTransaction) {
    throw new Error("it ended its transaction by itself: take COMMIT or ROLLBACK out of the file.");
  }
  writeEntry(database, applied);
  return applied;
}

async function runExecutable(file: MigrationFile, { runCommand }: Migrations): Promise<void> {
  const exitCode = await runCommand(file);
  if (exitCode !== 0) throw new Error(`it ended with exit code ${exitCode}.`);
}

async function withOrder(
  migrations: Migrations,
  order: MigrationOrder & { action: AuditEntry["action"] },
  change: (database: DatabaseSync, at: string) => void,
): Promise<void> {
  if (order.confirm !== order.id) {
    const message = `migration "${order.id}": repeat its id to confirm, got "${order.confirm}".`;
    throw new MigrationOrderError(message);
  }
  const at = (migrations.now?.() ?? new Date()).toISOString();
  await withDatabase(migrations, (database) =>
    inTransaction(database, () => {
      change(database, at);
      writeAudit(database, { at, action: order.action, id: order.id, by: order.by });
    }),
  );
}

async function withDatabase<T>(
  migrations: Migrations,
  work: (database: DatabaseSync) => T | Promise<T>,
): Promise<T> {
  const database = openDatabase(migrations.database);
  try {
    ensureJournal(database);
    return await work(database);
  } finally {
    database.close();
  }
}

function unknownMigration(id: string, files: readonly MigrationFile[]): MigrationOrderError {
  const known = files.map((file) => file.id).join(", ") || "none";
  return new MigrationOrderError(`migration "${id}": there is no such file. Known: ${known}.`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
