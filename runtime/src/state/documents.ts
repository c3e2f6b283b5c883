import type { SqlDatabase, SqlValue } from "../databases/sql-database.ts";

/** One named text that several processes read and change. */
export interface Document {
  /** The text; undefined before the first change. */
  read(): Promise<string | undefined>;
  /**
   * Writes what `change` makes of the text. However many processes change it at once, no change is
   * lost; `change` may be called again, so it must have no other effect.
   */
  change(change: (text: string | undefined) => string): Promise<void>;
}

export const DOCUMENTS_DDL = `
  CREATE TABLE IF NOT EXISTS opspec.opspec_documents (
    name text NOT NULL PRIMARY KEY, version bigint NOT NULL, text text NOT NULL
  );`;

const READ = "SELECT text FROM opspec.opspec_documents WHERE name = $1";

/** Older versions compare the version before they write. */
const WRITE = `
  INSERT INTO opspec.opspec_documents (name, version, text) VALUES ($1, 1, $2)
  ON CONFLICT (name) DO UPDATE SET version = opspec_documents.version + 1, text = excluded.text`;

/** A document in a table of ours. A SQLite file belongs to one stack, so only Postgres has its name. */
export function openDocument(
  database: SqlDatabase,
  { stack, name }: { readonly stack: string; readonly name: string },
): Document {
  const key = database.dialect === "sqlite" ? name : `${stack}/${name}`;
  const ensure = () => database.ensure("opspec_documents", DOCUMENTS_DDL);
  const read = async (query: SqlDatabase["query"]): Promise<string | undefined> => {
    const [row] = await query(`read ${key}`, READ, [key]);
    return row && String(row["text"]);
  };
  return {
    read: async () => {
      await ensure();
      return await read((...statement) => database.query(...statement));
    },
    change: async (change) => {
      await ensure();
      await database.transaction(`write ${key}`, async (query) => {
        const values: SqlValue[] = [key, change(await read(query))];
        await query(`write ${key}`, WRITE, values);
      });
    },
  };
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

/** The memory of all jobs of a stack, in one document: the spec limits the number of jobs. */
export function openJobMemory(document: Document): JobMemory {
  return {
    read: async (name) => {
      const text = await document.read();
      const values = valuesOf(text);
      return values ? values[name] : text;
    },
    write: (name, value) =>
      document.change((text) => JSON.stringify({ ...valuesOf(text), [name]: value })),
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
