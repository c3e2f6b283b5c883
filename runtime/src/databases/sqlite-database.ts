import type { DatabaseSync, StatementSync } from "node:sqlite";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { errorCode } from "../contract/error-code.ts";
import { CheckError } from "../health/error-words.ts";
import {
  StoreError,
  type Query,
  type Row,
  type SqlDatabase,
  type SqlValue,
} from "./sql-database.ts";
import { fileNumber, isBusy, prepareFile, resultCode, setAside } from "./sqlite.ts";

/** The database that ends with its process. */
export const MEMORY = ":memory:";

/** Longest wait while other processes hold the write lock; a write of ours takes milliseconds. */
const BUSY_LIMIT_MS = 15_000;

/** Pause between two attempts, give or take half, so that processes do not try in step. */
const BUSY_PAUSE_MS = 10;

/** Statements that follow each other hold the event loop no longer than this, in ms. */
const TURN_MS = 10;

/**
 * WAL, so that readers never wait for a writer. Each commit is synced to the disk, because a slot
 * that was finished must stay finished after a power failure. The log is moved into the file after
 * 256 KiB and sorting uses no temporary files, so that a nearly full disk is not filled.
 */
const SETTINGS = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA temp_store = MEMORY;
  PRAGMA wal_autocheckpoint = 64;
  PRAGMA journal_size_limit = 1048576;`;

/** Names and words of the primary result codes that operators meet. @see https://www.sqlite.org/rescode.html */
const CODES: Readonly<Record<number, readonly [code: string, words: string]>> = {
  5: ["SQLITE_BUSY", "another process holds the write lock"],
  6: ["SQLITE_LOCKED", "another connection holds the write lock"],
  8: ["SQLITE_READONLY", "read-only"],
  10: ["SQLITE_IOERR", "input/output error"],
  11: ["SQLITE_CORRUPT", "the file is damaged"],
  13: ["SQLITE_FULL", "disk full"],
  14: ["SQLITE_CANTOPEN", "the file cannot be opened"],
  26: ["SQLITE_NOTADB", "the file is no SQLite database"],
};

const DAMAGED: ReadonlySet<string> = new Set(["SQLITE_CORRUPT", "SQLITE_NOTADB"]);

const WRITABLE = "Let this process write to the file and its directory.";
const SPACE = "Free space on its disk.";
const REMEDIES: Readonly<Record<string, string>> = {
  EACCES: WRITABLE,
  ENOSPC: SPACE,
  EROFS: WRITABLE,
  SQLITE_BUSY: "Find the process that writes for so long.",
  SQLITE_CANTOPEN: WRITABLE,
  SQLITE_CORRUPT: "Move the file away, or restore a backup of it.",
  SQLITE_FULL: SPACE,
  SQLITE_IOERR: "Check its disk.",
  SQLITE_NOTADB: "Move the file away, or name another one.",
  SQLITE_READONLY: WRITABLE,
};

/**
 * A SQLite file, opened by its first use.
 *
 * SQLite runs in the thread of the event loop, so it never waits there for another process: its own
 * busy timeout is zero, and a statement that finds the file locked is tried again by a timer. Only
 * an open transaction of this process makes other statements wait.
 *
 * @param path of the file, or `:memory:`
 */
export function openSqlite(path: string, options: SqliteOptions = {}): SqlDatabase {
  return new SqliteDatabase(path, options);
}

interface SqliteOptions {
  /** Longest wait while other processes hold the write lock. */
  readonly busyLimitMs?: number;
  /**
   * Renames a damaged file, so that the next statement has an empty one, and reports its new name.
   * Without it, statements fail as long as the file is damaged.
   */
  readonly onDamaged?: (renamed: string) => void;
}

class SqliteDatabase implements SqlDatabase {
  readonly dialect = "sqlite";
  readonly where: string;
  readonly isKept: boolean;
  readonly #options: SqliteOptions;
  readonly #ensured = new Set<string>();
  readonly #statements = new Map<string, StatementSync>();
  #opening: Promise<DatabaseSync> | undefined;
  #database: DatabaseSync | undefined;
  /** The file that was opened. */
  #file: number | undefined;
  #isDamaged = false;
  /** Undefined while no transaction of this process is open. */
  #transaction: Promise<void> | undefined;
  #isClosed = false;
  /** Time of statements since other work of the process last had its turn. */
  #busyMs = 0;

  constructor(path: string, options: SqliteOptions) {
    this.where = path;
    this.isKept = path !== MEMORY;
    this.#options = options;
  }

  async query(verb: string, text: string, values: readonly SqlValue[] = []): Promise<Row[]> {
    return await this.#attempt(verb, (opened) => this.#run(opened, text, values));
  }

  async ensure(relation: string, ddl: string): Promise<void> {
    if (this.#ensured.has(relation) && !this.#isDamaged) return;
    await this.#attempt(`create ${relation}`, (opened) => opened.exec(dialectOf(ddl)));
    this.#ensured.add(relation);
  }

  async transaction<T>(verb: string, work: (query: Query) => Promise<T>): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const database = await this.#attempt(verb, (opened) => {
      opened.exec("BEGIN IMMEDIATE");
      this.#transaction = promise;
      return opened;
    });
    try {
      const result = await work(async (part, text, values = []) =>
        this.#do(part, () => this.#run(database, text, values)),
      );
      this.#do(verb, () => database.exec("COMMIT"));
      return result;
    } finally {
      if (database.isTransaction) database.exec("ROLLBACK");
      this.#transaction = undefined;
      resolve();
    }
  }

  async close(): Promise<void> {
    while (this.#transaction) await this.#transaction;
    this.#isClosed = true;
    (await this.#opening?.catch(() => undefined))?.close();
    this.#database = this.#opening = undefined;
  }

  /** Runs `work` in one go, as soon as no transaction is open and the file is not locked. */
  async #attempt<T>(verb: string, work: (opened: DatabaseSync) => T): Promise<T> {
    const endMs = performance.now() + (this.#options.busyLimitMs ?? BUSY_LIMIT_MS);
    for (;;) {
      try {
        const database = await this.#open();
        if (this.#busyMs > TURN_MS) await this.#yield();
        // Nothing is awaited after the last check, so that no transaction can start in between.
        while (this.#transaction) await this.#transaction;
        if (this.#isClosed) throw new CheckError("it is closed");
        // Another statement has replaced a damaged file.
        if (database !== this.#database) continue;
        return this.#timed(() => work(database));
      } catch (error) {
        const isOver = performance.now() > endMs;
        if (isOver || !isBusy(error)) throw this.#storeError(verb, error);
      }
      await sleep(BUSY_PAUSE_MS * (0.5 + Math.random()));
    }
  }

  /** Other work of the process gets its turn after many statements in a row. */
  async #yield(): Promise<void> {
    await nextTurn();
    this.#busyMs = 0;
  }

  #timed<T>(work: () => T): T {
    const startMs = performance.now();
    try {
      return work();
    } finally {
      this.#busyMs += performance.now() - startMs;
    }
  }

  async #open(): Promise<DatabaseSync> {
    const { onDamaged } = this.#options;
    if (this.#isDamaged && onDamaged && !this.#transaction) this.#setAside(onDamaged);
    this.#opening ??= this.#openFile();
    try {
      this.#database = await this.#opening;
      return this.#database;
    } catch (error) {
      this.#opening = undefined;
      throw error;
    }
  }

  /** Closes a damaged file and renames it, unless another process has replaced it meanwhile. */
  #setAside(onDamaged: (renamed: string) => void): void {
    this.#database?.close();
    this.#database = this.#opening = undefined;
    this.#isDamaged = false;
    this.#statements.clear();
    this.#ensured.clear();
    if (fileNumber(this.where) === this.#file) onDamaged(setAside(this.where));
  }

  #run(database: DatabaseSync, text: string, values: readonly SqlValue[]): Row[] {
    const statement = this.#statements.get(text) ?? database.prepare(dialectOf(text));
    this.#statements.set(text, statement);
    return statement.all(...values);
  }

  #do<T>(verb: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw this.#storeError(verb, error);
    }
  }

  async #openFile(): Promise<DatabaseSync> {
    // Loaded here, because Node before 24 warns when it is loaded.
    const { DatabaseSync: Sqlite } = await import("node:sqlite");
    if (this.isKept) prepareFile(this.where);
    this.#file = fileNumber(this.where);
    const database = new Sqlite(this.where, { timeout: 0 });
    try {
      database.exec(SETTINGS);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  }

  #storeError(verb: string, error: unknown): StoreError {
    const [name, words] = CODES[resultCode(error) ?? 0] ?? [];
    const code = name ?? errorCode(error) ?? "";
    if (DAMAGED.has(code)) this.#isDamaged = true;
    const cause = words === undefined ? error : Object.assign(new CheckError(words), { code });
    return new StoreError({ where: this.where, verb, remedy: REMEDIES[code] }, cause);
  }
}

/** The text as SQLite takes it: numbered parameters have another sign, and there are no schemas. */
function dialectOf(text: string): string {
  return text.replaceAll(/\$(\d+)/g, "?$1").replaceAll(/\bopspec\./g, "");
}
