import type { ManifestSource } from "../contract/source.ts";
import { type Row, SourceError, type SourceOptions, type SourceReading } from "./source-reading.ts";
import { timeLimit } from "../run/timer.ts";

/** Time limit of a read, retries included, in ms. */
const SOURCE_TIMEOUT_MS = 30_000;

/**
 * Reads the rows of a source.
 *
 * It fails with a SourceError, whose message names the source and holds no credential and no host, so
 * that it can be logged, stored and sent.
 */
export async function readSource(source: ManifestSource, options: SourceOptions): Promise<Row[]> {
  const timeoutMs = options.timeoutMs ?? SOURCE_TIMEOUT_MS;
  const limit = timeLimit(timeoutMs);
  const signal = options.signal ? AbortSignal.any([limit, options.signal]) : limit;
  try {
    signal.throwIfAborted();
    // Some drivers do not stop at once when the signal is aborted.
    const rows = readRows(source, { ...options, timeoutMs, signal });
    return await Promise.race([rows, rejectOnAbort(signal)]);
  } catch (error) {
    if (error instanceof SourceError || !signal.aborted) throw error;
    const problem = options.signal?.aborted
      ? "the read was stopped"
      : `no answer in ${timeoutMs} ms`;
    throw new SourceError(source, problem);
  }
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** Loads the code of a kind when it is first read: most processes read no source. */
async function readRows(source: ManifestSource, reading: SourceReading): Promise<Row[]> {
  switch (source.kind) {
    case "file":
      return (await import("./file-source.ts")).readFileRows(source, reading);
    case "sql":
      return (await import("./sql-source.ts")).readSqlRows(source, reading);
    case "http":
      return (await import("./http-source.ts")).readHttpRows(source, reading);
    case "sheet":
      return (await import("./google-sheet.ts")).readSheetRows(source, reading);
  }
}
