import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { ManifestSource } from "../contract/source.ts";
import { type Row, rowsOfJson } from "./row.ts";
import type { SourceReading } from "./source-deps.ts";
import { errorCode } from "../contract/error-code.ts";
import { SourceError } from "./source-error.ts";

type FileSource = Extract<ManifestSource, { kind: "file" }>;

/** Largest file or answer that is read, 32 MiB: rows are held in memory, and a plan's smallest has 512 MB. */
export const SOURCE_BYTES_MAX = 32 * 1024 * 1024;

/** Rows of a JSON or CSV file; the format is the name's unless it is said. */
export async function readFileRows(source: FileSource, reading: SourceReading): Promise<Row[]> {
  const text = await readText(source, reading);
  const isCsv = (source.format ?? (source.path.endsWith(".csv") ? "csv" : "json")) === "csv";
  return isCsv ? csvRows(source, text) : jsonRows(source, text);
}

async function readText(source: FileSource, { directory, signal }: SourceReading): Promise<string> {
  const path = resolve(directory, source.path);
  try {
    const { size } = await stat(path);
    if (size > SOURCE_BYTES_MAX) {
      throw new SourceError(source, `it is larger than ${SOURCE_BYTES_MAX} bytes`);
    }
    return await readFile(path, { encoding: "utf8", signal });
  } catch (error) {
    if (error instanceof SourceError || signal.aborted) throw error;
    const code = errorCode(error);
    if (code === "ENOENT") throw new SourceError(source, "there is no such file");
    throw new SourceError(source, `cannot be read (${code ?? "unknown reason"})`);
  }
}

async function csvRows(source: FileSource, text: string): Promise<Row[]> {
  const { parse, CsvError } = await import("csv-parse/sync");
  try {
    return parse<Row>(text, { columns: true, bom: true, skip_empty_lines: true });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new SourceError(source, `is not CSV with a header (${error.code})`);
  }
}

function jsonRows(source: ManifestSource, text: string): Row[] {
  const rows = rowsOfJson(parseJson(source, text));
  if (rows) return rows;
  throw new SourceError(source, "is neither a list of objects nor one object");
}

/** The JSON value of a text. The parser's own message repeats the text, which may hold a secret. */
export function parseJson(source: ManifestSource, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SourceError(source, "is not JSON");
  }
}
