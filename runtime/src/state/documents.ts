import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { SqlDatabase } from "../databases/sql-database.ts";

/** One named text that several processes read and change. */
export interface Document {
  /** The text and its version; version 0 and no text before the first write. */
  read(): Promise<VersionedText>;
  /** Writes the next version; false when another process wrote it in the meantime. */
  replace(version: number, text: string): Promise<boolean>;
}

/** A text and its version. */
export interface VersionedText {
  readonly version: number;
  readonly text: string | undefined;
}

/** What a job remembers from one run to the next: a JSON value for each name. */
export interface JobMemory {
  /**
   * The value, or undefined when there is none. A document that is no JSON object of ours is
   * returned as text, so that callers can detect values that they did not write.
   */
  read(name: string): Promise<unknown>;
  write(name: string, value: unknown): Promise<void>;
}

/** After a conflict another writer has succeeded, so this many conflicts in a row mean a defect. */
const ATTEMPTS_MAX = 100;

/** Longest pause after a conflict, so that writers do not continue in step. */
const PAUSE_MS_MAX = 20;

export const DOCUMENTS_DDL = `
  CREATE TABLE IF NOT EXISTS opspec.opspec_documents (
    name text NOT NULL PRIMARY KEY, version bigint NOT NULL, text text NOT NULL
  );`;

const READ = "SELECT version, text FROM opspec.opspec_documents WHERE name = $1";

const FIRST = `
  INSERT INTO opspec.opspec_documents (name, version, text) VALUES ($1, 1, $2)
  ON CONFLICT (name) DO NOTHING RETURNING version`;

const NEXT = `
  UPDATE opspec.opspec_documents SET version = version + 1, text = $2
  WHERE name = $1 AND version = $3 RETURNING version`;

/** A document in a table of ours. A SQLite file belongs to one stack, so only Postgres has its name. */
export function openDocument(
  database: SqlDatabase,
  { stack, name }: { readonly stack: string; readonly name: string },
): Document {
  const key = database.dialect === "sqlite" ? name : `${stack}/${name}`;
  const ask = async (verb: string, text: string, values: readonly (string | number)[] = []) => {
    await database.ensure("opspec_documents", DOCUMENTS_DDL);
    return await database.query(`${verb} ${key}`, text, [key, ...values]);
  };
  return {
    read: async () => {
      const [row] = await ask("read", READ);
      if (!row) return { version: 0, text: undefined };
      return { version: Number(row["version"]), text: String(row["text"]) };
    },
    replace: async (version, text) => {
      const written =
        version === 0
          ? await ask("write", FIRST, [text])
          : await ask("write", NEXT, [text, version]);
      return written.length > 0;
    },
  };
}

/**
 * Changes the text, however many processes do so at once. `change` is called again after a conflict,
 * so it must have no other effect. Without a text from it, nothing is written.
 */
export async function changeDocument<T>(
  document: Document,
  change: (text: string | undefined) => { readonly text?: string | undefined; readonly result: T },
): Promise<T> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const before = await document.read();
    const { text, result } = change(before.text);
    if (text === undefined || (await document.replace(before.version, text))) return result;
    await sleep(randomInt(PAUSE_MS_MAX));
  }
  throw new Error("a shared document is changed all the time");
}

/** The memory of all jobs of a stack, in one document: the spec limits the number of jobs. */
export function openJobMemory(document: Document): JobMemory {
  return {
    read: async (name) => {
      const { text } = await document.read();
      const values = valuesOf(text);
      return values ? values[name] : text;
    },
    write: (name, value) =>
      changeDocument(document, (text) => ({
        text: JSON.stringify({ ...valuesOf(text), [name]: value }),
        result: undefined,
      })),
  };
}

/** The values by name; undefined for a text that is not ours. */
function valuesOf(text: string | undefined): Readonly<Record<string, unknown>> | undefined {
  if (text === undefined) return {};
  try {
    const values: unknown = JSON.parse(text);
    const isOurs = typeof values === "object" && values !== null && !Array.isArray(values);
    return isOurs ? { ...values } : undefined;
  } catch {
    return undefined;
  }
}
