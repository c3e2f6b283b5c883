import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { errorCode } from "../contract/error-code.ts";
import type { ManifestSource } from "../contract/source.ts";
import { type Row, SourceError, type SourceReading } from "./source-reading.ts";

type FileSource = Extract<ManifestSource, { kind: "file" }>;

/** Largest file or answer, 32 MiB: rows are held in memory, and the smallest plan has 512 MB. */
export const SOURCE_BYTES_MAX = 32 * 1024 * 1024;

/** Rows of a JSON or CSV file. The file's extension decides, unless the source has a format. */
export async function readFileRows(source: FileSource, reading: SourceReading): Promise<Row[]> {
  const text = await readText(source, reading);
  const isCsv = (source.format ?? (source.path.endsWith(".csv") ? "csv" : "json")) === "csv";
  return isCsv ? csvRows(source, text) : jsonRows(source, text, "it");
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

/** The rows of a JSON text: a list of objects, or one object, which is one row. */
export function jsonRows(source: ManifestSource, text: string, what: "it" | "the answer"): Row[] {
  const value = parseJson(source, text);
  const rows = Array.isArray(value) ? value : [value];
  if (rows.every(isRow)) return rows;
  throw new SourceError(source, `${what} is neither a list of objects nor one object`);
}

function isRow(value: unknown): value is Row {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The JSON value of a text. The parser's own message repeats the text, which may hold a secret. */
export function parseJson(source: ManifestSource, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SourceError(source, "is not JSON");
  }
}
