import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { meaningOf, valueOf } from "../contract/env.ts";
import { errorCode } from "../contract/error-code.ts";
import type { ManifestSource, ManifestToggle } from "../contract/source.ts";
import { openRedis } from "../databases/redis.ts";
import { readSource } from "./source.ts";
import { type Row, SourceError, sourceName, type SourceOptions } from "./source-reading.ts";

type Reader = ManifestToggle["reader"];

/** The value that a reader found. */
export interface ToggleReading {
  readonly meaning: ReturnType<typeof meaningOf>;
  /** For messages, for example `variable DIGEST_ENABLED`. */
  readonly where: string;
}

/** `tableRows` reads a table once for all its toggles. */
export interface ToggleReaderOptions extends SourceOptions {
  readonly tableRows: (source: ManifestSource) => Promise<Row[]>;
}

/** Reads a toggle now. It throws when its reader does not answer. */
export async function readToggle(
  reader: Reader,
  options: ToggleReaderOptions,
): Promise<ToggleReading> {
  const where = whereOf(reader);
  if (reader.kind === "marker") {
    return { meaning: (await exists(reader.path, options)) ? "off" : "on", where };
  }
  return { meaning: meaningOf(await readValue(reader, options)), where };
}

async function readValue(
  reader: Exclude<Reader, { kind: "marker" }>,
  options: ToggleReaderOptions,
): Promise<unknown> {
  switch (reader.kind) {
    case "env":
      return valueOf(options.env, reader.name);
    case "redis":
      return readKey(reader, options);
    case "sql": {
      const [row = {}] = await readSource(reader, options);
      return Object.values(row)[0];
    }
    case "table":
      return lookUp(await options.tableRows(reader.source), reader);
  }
}

/** Uses a connection of its own: reads are half a minute apart. */
async function readKey(
  { urlEnv, key }: Extract<Reader, { kind: "redis" }>,
  { env }: SourceOptions,
): Promise<string | null> {
  const connection = await openRedis(urlEnv, env);
  try {
    return await connection.use("read a toggle", (redis) => redis.get(key));
  } finally {
    await connection.close();
  }
}

/**
 * Whether a marker exists. It follows a link: a marker on a disk is a link that always exists and
 * leads to nothing while the marker is not set.
 */
async function exists(path: string, { directory }: SourceOptions): Promise<boolean> {
  try {
    await stat(resolve(directory, path));
    return true;
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return false;
    throw new SourceError(`file ${path}`, `cannot be checked (${code ?? "unknown reason"})`);
  }
}

type Table = Extract<Reader, { kind: "table" }>;

/**
 * The value of a key, compared without case and surrounding space.
 *
 * A table without rows or without its columns is broken. It does not lack the key: a tab that was
 * renamed or emptied is not the operator's decision.
 */
function lookUp(rows: readonly Row[], reader: Table): unknown {
  const columns = Object.keys(rows[0] ?? {});
  if (rows.length === 0) throw new SourceError(reader.source, "the table has no rows");
  const keyColumn = columnOf(columns, reader, { name: reader.keyColumn, position: 0 });
  const valueColumn = columnOf(columns, reader, { name: reader.valueColumn, position: 1 });
  const found = rows.filter((row) => plain(row[keyColumn]) === plain(reader.key));
  const values = new Set(found.map((row) => plain(row[valueColumn])));
  if (values.size > 1) {
    throw new SourceError(reader.source, `the key "${reader.key}" has several values`);
  }
  return found[0]?.[valueColumn];
}

/** The column of a name, or of a position without one. */
function columnOf(
  columns: readonly string[],
  { source }: Table,
  { name, position }: { readonly name: string | undefined; readonly position: number },
): string {
  const column =
    name === undefined ? columns[position] : columns.find((it) => plain(it) === plain(name));
  if (column !== undefined) return column;
  const what = name === undefined ? "second column" : `column "${name}"`;
  throw new SourceError(source, `the table has no ${what}`);
}

function plain(value: unknown): string {
  return String(value ?? "")
    .trim()
    .toLowerCase();
}

function whereOf(reader: Reader): string {
  switch (reader.kind) {
    case "marker":
      return `marker ${reader.path}`;
    case "env":
      return `variable ${reader.name}`;
    case "redis":
      return `Redis key ${reader.key}`;
    case "sql":
      return sourceName(reader);
    case "table":
      return `"${reader.key}" in ${sourceName(reader.source)}`;
  }
}
