import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { SharedDocument } from "./document.ts";
import { StoreError } from "./store-error.ts";
import { untilItWorks } from "./until-it-works.ts";

/** Longest wait for another process that writes; a write takes milliseconds. */
const BUSY_MS = 5_000;

const DDL = `
  CREATE TABLE IF NOT EXISTS opspec_documents (
    name TEXT PRIMARY KEY, version INTEGER NOT NULL, text TEXT NOT NULL
  ) STRICT`;

const READ = "SELECT version, text FROM opspec_documents WHERE name = ?1";

const FIRST = `
  INSERT INTO opspec_documents (name, version, text) SELECT ?1, 1, ?3 WHERE ?2 = 0
  ON CONFLICT (name) DO NOTHING`;

const NEXT =
  "UPDATE opspec_documents SET version = version + 1, text = ?3 WHERE name = ?1 AND version = ?2";

/** A document in a SQLite file, which is opened by its first use. */
export function openSqliteDocument(path: string, name: string): SharedDocument {
  let database: DatabaseSync | undefined;
  const ready = untilItWorks(async () => {
    database = await open(path);
  });
  const use = async <T>(verb: string, work: (opened: DatabaseSync) => T): Promise<T> => {
    try {
      await ready();
      if (!database?.isOpen) throw new Error("closed");
      return work(database);
    } catch (error) {
      throw new StoreError({ where: path, verb }, error);
    }
  };
  return {
    isKept: true,
    read: () =>
      use("read what is kept there", (opened) => {
        const row = opened.prepare(READ).get(name);
        if (!row) return { version: 0, text: undefined };
        return { version: Number(row["version"]), text: String(row["text"]) };
      }),
    replace: (version, text) =>
      use("write what is kept there", (opened) => {
        const statement = opened.prepare(version === 0 ? FIRST : NEXT);
        return Number(statement.run(name, version, text).changes) > 0;
      }),
    close: async () => {
      if (database?.isOpen) database.close();
    },
  };
}

async function open(path: string): Promise<DatabaseSync> {
  // Loaded here, because Node before 24 warns when it is loaded.
  const { DatabaseSync: Sqlite } = await import("node:sqlite");
  mkdirSync(dirname(path), { recursive: true });
  const database = new Sqlite(path, { timeout: BUSY_MS });
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
  database.exec(DDL);
  return database;
}
