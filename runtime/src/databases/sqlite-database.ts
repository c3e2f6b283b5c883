import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { CheckError } from "../health/check.ts";
import { StoreError } from "../state/stores/store-error.ts";
import { isBusy, resultCode } from "./sqlite.ts";
import type { Query, Row, SqlDatabase, SqlValue } from "./sql-database.ts";

/** The database that ends with its process. */
export const MEMORY = ":memory:";

/** Longest wait while other processes hold the write lock; a write of ours takes milliseconds. */
const BUSY_LIMIT_MS = 15_000;

/** Pause between two attempts, give or take half, so that processes do not try in step. */
const BUSY_PAUSE_MS = 10;

/**
 * WAL, so that readers never wait for a writer. Each commit is synced to the disk, because a slot
 * that was finished must stay finished after a power failure. Sorting uses no temporary files.
 */
const SETTINGS = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA temp_store = MEMORY;
  PRAGMA journal_size_limit = 8388608;`;

/** Words for the primary result codes that operators meet. @see https://www.sqlite.org/rescode.html */
const WORDS: Readonly<Record<number, string>> = {
  5: "another process holds the write lock",
  6: "another connection holds the write lock",
  8: "read-only",
  10: "input/output error",
  11: "the file is damaged",
  13: "disk full",
  14: "the file cannot be opened",
  26: "the file is no SQLite database",
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
export function openSqlite(path: string, { busyLimitMs = BUSY_LIMIT_MS } = {}): SqlDatabase {
  let opening: Promise<DatabaseSync> | undefined;
  let database: DatabaseSync | undefined;
  let isClosed = false;
  /** The transaction that is open in this process. */
  let current: Promise<void> | undefined;
  const ensured = new Set<string>();
  const statements = new Map<string, StatementSync>();

  /** Runs `work` in one go, as soon as no transaction is open and the file is not locked. */
  const attempt = async <T>(verb: string, work: (opened: DatabaseSync) => T): Promise<T> => {
    const endMs = performance.now() + busyLimitMs;
    try {
      for (;;) {
        try {
          database ??= await (opening ??= open(path));
          while (current) await current;
          if (isClosed) throw new CheckError("it is closed");
          return work(database);
        } catch (error) {
          if (!database) opening = undefined;
          if (!isBusy(error) || performance.now() > endMs) throw error;
        }
        await sleep(BUSY_PAUSE_MS * (0.5 + Math.random()));
      }
    } catch (error) {
      throw storeError(path, verb, error);
    }
  };
  const run = (opened: DatabaseSync, text: string, values: readonly SqlValue[]): Row[] => {
    const statement = statements.get(text) ?? opened.prepare(dialectOf(text));
    statements.set(text, statement);
    return statement.all(...values);
  };
  const queryInside: Query = async (verb, text, values = []) => {
    try {
      if (!database?.isOpen) throw new CheckError("it is closed");
      return run(database, text, values);
    } catch (error) {
      throw storeError(path, verb, error);
    }
  };
  const transaction: SqlDatabase["transaction"] = async (verb, work) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    await attempt(verb, (opened) => {
      opened.exec("BEGIN IMMEDIATE");
      current = promise;
    });
    try {
      const result = await work(queryInside);
      await queryInside(verb, "COMMIT");
      return result;
    } catch (error) {
      if (database?.isTransaction) database.exec("ROLLBACK");
      throw error;
    } finally {
      current = undefined;
      resolve();
    }
  };
  return {
    dialect: "sqlite",
    where: path,
    isKept: path !== MEMORY,
    query: (verb, text, values = []) => attempt(verb, (opened) => run(opened, text, values)),
    transaction,
    ensure: async (relation, ddl) => {
      if (ensured.has(relation)) return;
      await attempt(`create ${relation}`, (opened) => opened.exec(dialectOf(ddl)));
      ensured.add(relation);
    },
    close: async () => {
      while (current) await current;
      isClosed = true;
      if (database?.isOpen) database.close();
    },
  };
}

async function open(path: string): Promise<DatabaseSync> {
  // Loaded here, because Node before 24 warns when it is loaded.
  const { DatabaseSync: Sqlite } = await import("node:sqlite");
  if (path !== MEMORY) mkdirSync(dirname(path), { recursive: true });
  const database = new Sqlite(path, { timeout: 0 });
  try {
    database.exec(SETTINGS);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** The text as SQLite takes it: numbered parameters have another sign, and there are no schemas. */
function dialectOf(text: string): string {
  return text.replaceAll(/\$(\d+)/g, "?$1").replaceAll(/\bopspec\./g, "");
}

function storeError(where: string, verb: string, error: unknown): unknown {
  if (error instanceof StoreError) return error;
  const words = WORDS[resultCode(error) ?? 0];
  return new StoreError({ where, verb }, words === undefined ? error : new CheckError(words));
}
