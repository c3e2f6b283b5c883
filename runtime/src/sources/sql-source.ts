import { resolve } from "node:path";
import type { ClientConfig } from "pg";
import { ConfigurationError } from "../contract/configuration-error.ts";
import { errorCode } from "../contract/error-code.ts";
import type { ManifestSource } from "../contract/source.ts";
import { parsePostgresUrl } from "../databases/postgres-url.ts";
import { retryWhileBusy } from "../databases/sqlite.ts";
import { errorWords } from "../health/error-words.ts";
import { type Row, SourceError, type SourceReading, sourceVariable } from "./source-reading.ts";

type SqlSource = Extract<ManifestSource, { kind: "sql" }>;

/**
 * Classes of SQLSTATE whose message is about the query: data, transaction state, syntax. Other messages
 * name users, databases and hosts.
 *
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const QUERY_ERROR_CLASSES = ["22", "25", "42"];

/** The read's own limit ends first, by this many ms: its message says more than the driver's. */
const CONNECTION_MARGIN_MS = 1_000;

/** Rows of a query on a SQLite file or on Postgres. */
export async function readSqlRows(source: SqlSource, reading: SourceReading): Promise<Row[]> {
  if (source.path !== undefined) return readSqliteRows(source, source.path, reading);
  if (source.urlEnv !== undefined) return readPostgresRows(source, source.urlEnv, reading);
  throw new SourceError(source, "it has neither urlEnv nor path", "Set one of them.");
}

async function readSqliteRows(
  source: SqlSource,
  path: string,
  { directory, signal }: SourceReading,
): Promise<Row[]> {
  const { DatabaseSync } = await import("node:sqlite");
  try {
    using database = new DatabaseSync(resolve(directory, path), { readOnly: true, timeout: 0 });
    const rows = await retryWhileBusy(() => database.prepare(source.query).all(), { signal });
    // SQLite's rows have no prototype, so they would not equal other objects.
    return rows.map((row) => ({ ...row }));
  } catch (error) {
    signal.throwIfAborted();
    // SQLite's messages name tables and files, and never a credential.
    throw new SourceError(source, error instanceof Error ? error.message : "the query failed");
  }
}

/**
 * Rows of a query on Postgres, in a read-only transaction.
 *
 * In the extended protocol one text is one statement, so no query can end the transaction. Each read
 * has its own connection: reads are minutes apart.
 */
async function readPostgresRows(
  source: SqlSource,
  urlEnv: string,
  { env, signal, timeoutMs }: SourceReading,
): Promise<Row[]> {
  const config = configOf(source, urlEnv, sourceVariable(source, urlEnv, env));
  const { default: pg } = await import("pg");
  const connectionTimeoutMillis = timeoutMs + CONNECTION_MARGIN_MS;
  const client = new pg.Client({ ...config, connectionTimeoutMillis });
  // Without a listener, a connection that breaks between two queries would end the process.
  client.on("error", () => {});
  const stop = () => void client.end();
  signal.addEventListener("abort", stop, { once: true });
  try {
    await client.connect();
    await client.query("BEGIN READ ONLY");
    const query = { text: source.query, queryMode: "extended" };
    return (await client.query<Record<string, unknown>>(query)).rows;
  } catch (error) {
    if (signal.aborted) throw error;
    throw new SourceError(source, queryProblem(error));
  } finally {
    signal.removeEventListener("abort", stop);
    await client.end().catch(() => {});
  }
}

function configOf(source: SqlSource, urlEnv: string, url: string): ClientConfig {
  try {
    return parsePostgresUrl(url, urlEnv);
  } catch (error) {
    const problem = error instanceof ConfigurationError ? error.problems[0] : undefined;
    if (!problem) throw error;
    throw new SourceError(source, `it ${problem.message.replace(/\.$/, "")}`, problem.remedy);
  }
}

function queryProblem(error: unknown): string {
  const isAboutQuery = QUERY_ERROR_CLASSES.includes(errorCode(error)?.slice(0, 2) ?? "");
  return isAboutQuery && error instanceof Error ? error.message : errorWords(error);
}
