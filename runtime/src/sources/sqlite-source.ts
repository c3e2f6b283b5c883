import { resolve } from "node:path";
import type { ManifestSource } from "../contract/source.ts";
import type { Row } from "./row.ts";
import type { SourceReading } from "./source-deps.ts";
import { SourceError } from "./source-error.ts";
import { retryWhileBusy } from "../databases/sqlite.ts";

type SqliteSource = Extract<ManifestSource, { kind: "sql" }> & { readonly path: string };

/** Rows of a query on a SQLite file, which is opened for reading only. */
export async function readSqliteRows(source: SqliteSource, reading: SourceReading): Promise<Row[]> {
  const { DatabaseSync } = await import("node:sqlite");
  const path = resolve(reading.directory, source.path);
  try {
    using database = new DatabaseSync(path, { readOnly: true, timeout: 0 });
    const read = () => database.prepare(source.query).all();
    const rows = await retryWhileBusy(read, { signal: reading.signal });
    // SQLite's rows have no prototype, which makes them unequal to any other object.
    return rows.map((row) => ({ ...row }));
  } catch (error) {
    reading.signal.throwIfAborted();
    // SQLite's messages name tables and files, and never a credential.
    throw new SourceError(source, error instanceof Error ? error.message : "the query failed");
  }
}
