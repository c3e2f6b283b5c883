import type { ManifestSource } from "../contract/source.ts";
import type { Row } from "./row.ts";
import type { SourceDeps, SourceReading } from "./source-deps.ts";
import { SourceError } from "./source-error.ts";

/** How long a source may take in all, retries included: longer than that nobody waits for a toggle or a digest. */
const SOURCE_TIMEOUT_MS = 30_000;

/**
 * The rows of a source, read now.
 *
 * It fails with a SourceError that names the source and holds no credential, no host and no URL
 * with one, so that the message may be logged, stored and sent.
 */
export async function readSource(source: ManifestSource, deps: SourceDeps): Promise<Row[]> {
  const timeoutMs = deps.timeoutMs ?? SOURCE_TIMEOUT_MS;
  const signal = AbortSignal.any([
    AbortSignal.timeout(timeoutMs),
    ...(deps.signal ? [deps.signal] : []),
  ]);
  try {
    signal.throwIfAborted();
    // Not every driver ends at once when it is told to.
    return await Promise.race([readRows(source, { ...deps, timeoutMs, signal }), aborted(signal)]);
  } catch (error) {
    if (error instanceof SourceError || !signal.aborted) throw error;
    const problem = deps.signal?.aborted ? "the read was stopped" : `no answer in ${timeoutMs} ms`;
    throw new SourceError(source, problem);
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** Each kind is loaded when it is read: most processes read none. */
async function readRows(source: ManifestSource, reading: SourceReading): Promise<Row[]> {
  switch (source.kind) {
    case "file":
      return (await import("./file-source.ts")).readFileRows(source, reading);
    case "sql":
      return readDatabase(source, reading);
    case "http":
      return (await import("./http-source.ts")).readHttpRows(source, reading);
    case "sheet":
      return (await import("./sheet-source.ts")).readSheetRows(source, reading);
  }
}

async function readDatabase(
  source: Extract<ManifestSource, { kind: "sql" }>,
  reading: SourceReading,
): Promise<Row[]> {
  const { path } = source;
  if (path === undefined) {
    return (await import("./postgres-source.ts")).readPostgresRows(source, reading);
  }
  return (await import("./sqlite-source.ts")).readSqliteRows({ ...source, path }, reading);
}
