import { createHash } from "node:crypto";
import { constants, readFileSync } from "node:fs";
import { access, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { EXIT } from "../../contract/exit-code.ts";
import { shellWord } from "../../contract/text.ts";
import { type ChildOptions, startChild } from "../../run/child.ts";
import { isTemporary } from "../sqlite.ts";
import {
  type AuditEntry,
  inTransaction,
  type Journal,
  type JournalEntry,
  readAudit,
  readJournal,
  removeEntry,
  withJournal,
  writeAudit,
  writeEntry,
} from "./sqlite-journal.ts";

/** The state of the migrations of a database. */
export interface MigrationStatus {
  readonly applied: readonly JournalEntry[];
  /**
   * Files that failed as they are. They block every later run until they are corrected, taken out, or
   * released by `retry`.
   */
  readonly failed: readonly JournalEntry[];
  readonly pending: readonly string[];
  /** Applied, and the file is gone. */
  readonly removed: readonly string[];
  /** The same content under a new id. It does not run, because it would run a second time. */
  readonly renamed: readonly { readonly from: string; readonly to: string }[];
  readonly audit: readonly AuditEntry[];
}

/** The result of a run. */
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
}

/** Reads the state. It changes nothing but creates the journal's tables. */
export async function sqliteMigrationStatus(migrations: Migrations): Promise<MigrationStatus> {
  const files = await readMigrationFiles(migrations.directory);
  return withJournal(migrations.database, (database) => statusOf(files, database));
}

/**
 * Runs the pending migrations in order, each in its own transaction, and stops at the first failure.
 *
 * The failure is recorded after the rollback of its transaction, and blocks only a file with the same
 * id and content: a corrected file and a version without it go on. Instances that start together wait
 * for each other at the write lock and find the work done.
 */
export async function runSqliteMigrations(migrations: Migrations): Promise<MigrationRun> {
  const files = await readMigrationFiles(migrations.directory);
  return withJournal(migrations.database, async (database) => {
    const { pending, failed } = statusOf(files, database);
    if (failed.length > 0) return { executed: [], failed: failed[0] };
    const executed: string[] = [];
    for (const file of files.filter(({ id }) => pending.includes(id))) {
      const entry = await apply(database, file, migrations);
      if (entry?.state === "failed") return { executed, failed: entry };
      if (entry) executed.push(file.id);
    }
    return { executed, failed: undefined };
  });
}

/** The command that lets a failed migration run again. */
export function retryCommand({ database, directory }: Migrations, id: string): string {
  const [file, folder, name] = [database, directory, id].map(shellWord);
  return `opspec-runtime migrations retry ${name} --database ${file} --directory ${folder} --by "$USER" --confirm ${name}`;
}

/** A person's order that cannot be carried out. */
export class MigrationOrderError extends Error {
  override readonly name = "MigrationOrderError";
}

/** A person's order about one migration; `confirm` repeats its id. */
export interface MigrationOrder {
  readonly id: string;
  readonly by: string;
  readonly confirm: string;
}

/** Records that a migration was done by other means: it will not run. */
export async function markSqliteMigration(
  migrations: Migrations,
  order: MigrationOrder,
): Promise<void> {
  const files = await readMigrationFiles(migrations.directory);
  const file = files.find(({ id }) => id === order.id);
  if (!file) {
    const known = files.map(({ id }) => id).join(", ") || "none";
    throw new MigrationOrderError(`migration "${order.id}": no such file. Known: ${known}.`);
  }
  const { id, checksum } = file;
  await carryOut(migrations, { ...order, action: "mark" }, (database, at) =>
    writeEntry(database, { id, checksum, state: "applied", at, by: order.by, error: null }),
  );
}

/** Lets the next run try a failed migration again. */
export async function retrySqliteMigration(
  migrations: Migrations,
  order: MigrationOrder,
): Promise<void> {
  const { id } = order;
  await carryOut(migrations, { ...order, action: "retry" }, (database) => {
    const entry = readJournal(database).get(id);
    if (entry?.state !== "failed") {
      const state = entry ? "was applied" : "has not run";
      throw new MigrationOrderError(`migration "${id}": ${state}, so there is nothing to retry.`);
    }
    removeEntry(database, id);
  });
}

/** Runs executable migrations as children. */
export function executableRunner(
  database: string,
  options: Omit<ChildOptions, "argv" | "command">,
): Migrations["runCommand"] {
  const env = { ...options.env, OPSPEC_SQLITE: database };
  return async ({ path }) => {
    const { exitCode } = await startChild({ ...options, argv: [path], env }).ended;
    // A process that stops ended it, so its exit code says nothing.
    options.signal?.throwIfAborted();
    return exitCode ?? EXIT.failed;
  };
}

function statusOf(files: readonly MigrationFile[], database: DatabaseSync): MigrationStatus {
  const journal = readJournal(database);
  const applied = [...journal.values()].filter(({ state }) => state === "applied");
  const failed = files.flatMap((file) => failureOf(journal, file) ?? []);
  const gone = applied.filter(({ id }) => !files.some((file) => file.id === id));
  const added = files.filter((file) => isPending(journal, file));
  const renamed = gone.flatMap(({ id: from, checksum }) =>
    added.filter((file) => file.checksum === checksum).map(({ id: to }) => ({ from, to })),
  );
  return {
    applied,
    failed,
    pending: added.map(({ id }) => id).filter((id) => !renamed.some(({ to }) => to === id)),
    removed: gone.map(({ id }) => id).filter((id) => !renamed.some(({ from }) => from === id)),
    renamed,
    audit: readAudit(database),
  };
}

/** The failure of a file with this content. */
function failureOf(journal: Journal, { id, checksum }: MigrationFile): JournalEntry | undefined {
  const entry = journal.get(id);
  return entry?.state === "failed" && entry.checksum === checksum ? entry : undefined;
}

function isPending(journal: Journal, file: MigrationFile): boolean {
  return journal.get(file.id)?.state !== "applied" && !failureOf(journal, file);
}

/** Returns the new entry, or undefined when another instance applied the migration meanwhile. */
async function apply(
  database: DatabaseSync,
  file: MigrationFile,
  { runCommand }: Migrations,
): Promise<JournalEntry | undefined> {
  const { id, checksum } = file;
  const entry = { id, checksum, at: new Date().toISOString(), by: "runtime" };
  const applied: JournalEntry = { ...entry, state: "applied", error: null };
  try {
    if (file.kind === "sql") {
      return await inTransaction(database, () => runSql(database, file, applied));
    }
    const exitCode = await runCommand(file);
    if (exitCode !== 0) throw new Error(`it ended with exit code ${exitCode}.`);
    await inTransaction(database, () => writeEntry(database, applied));
    return applied;
  } catch (error) {
    // The disk, another process or a stop ended it, so it may run again.
    if (isTemporary(error) || isAbort(error)) throw error;
    const message = error instanceof Error ? error.message : String(error);
    const failed: JournalEntry = { ...entry, state: "failed", error: message };
    await inTransaction(database, () => writeEntry(database, failed));
    return failed;
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

/** Another instance may have run it while this one waited for the lock. */
function runSql(
  database: DatabaseSync,
  file: MigrationFile,
  applied: JournalEntry,
): JournalEntry | undefined {
  const journal = readJournal(database);
  if (!isPending(journal, file)) return failureOf(journal, file);
  database.exec(readFileSync(file.path, "utf8"));
  if (!database.isTransaction) {
    throw new Error("it ended its transaction itself: remove COMMIT or ROLLBACK from the file.");
  }
  writeEntry(database, applied);
  return applied;
}

async function carryOut(
  { database: path }: Migrations,
  { id, by, confirm, action }: MigrationOrder & Pick<AuditEntry, "action">,
  change: (database: DatabaseSync, at: string) => void,
): Promise<void> {
  if (confirm !== id) {
    throw new MigrationOrderError(`migration "${id}": repeat its id to confirm, got "${confirm}".`);
  }
  const at = new Date().toISOString();
  await withJournal(path, (database) =>
    inTransaction(database, () => {
      change(database, at);
      writeAudit(database, { at, action, id, by });
    }),
  );
}

/** One migration as the app ships it. */
export interface MigrationFile {
  /** File name without its extension. It orders the migrations and never changes. */
  readonly id: string;
  readonly path: string;
  /** `sql` runs in one transaction. `command` is an executable file, which must be safe to repeat. */
  readonly kind: "sql" | "command";
  /** SHA-256 of the content, which identifies a renamed file. */
  readonly checksum: string;
}

/** The migrations of a folder in the order of their ids. Other files are ignored. */
async function readMigrationFiles(directory: string): Promise<MigrationFile[]> {
  const names = (await readdir(directory)).toSorted();
  const read = await Promise.all(names.map((name) => readMigrationFile(directory, name)));
  const files = read.filter((file) => file !== undefined);
  const twice = files.filter(({ id }, index) => files.findIndex((it) => it.id === id) !== index);
  if (twice.length === 0) return files;
  const ids = twice.map(({ id }) => `"${id}"`).join(", ");
  throw new Error(`migrations: two files have the id ${ids}. Give each file a name of its own.`);
}

async function readMigrationFile(
  directory: string,
  name: string,
): Promise<MigrationFile | undefined> {
  const path = join(directory, name);
  const isSql = name.endsWith(".sql");
  if (name.startsWith(".") || (!isSql && !(await isExecutable(path)))) return undefined;
  const checksum = createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
  const id = isSql ? name.slice(0, -".sql".length) : name.replace(/\.[^.]+$/, "");
  return { id, path, kind: isSql ? "sql" : "command", checksum };
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
