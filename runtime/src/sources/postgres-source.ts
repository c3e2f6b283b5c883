import { errorWords } from "../health/error-words.ts";
import type { Client, ClientConfig } from "pg";
import type { ManifestSource } from "../contract/source.ts";
import { parsePostgresUrl } from "../databases/postgres/url.ts";
import { ConfigurationError } from "../contract/configuration-error.ts";
import type { Row } from "./row.ts";
import type { SourceReading } from "./source-deps.ts";
import { errorCode } from "../contract/error-code.ts";
import { SourceError, sourceVariable } from "./source-error.ts";

type SqlSource = Extract<ManifestSource, { kind: "sql" }>;

/**
 * Classes of SQLSTATE whose message is about the query: data, transaction state, syntax.
 *
 * Other messages name users, databases and hosts.
 *
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const QUERY_ERROR_CLASSES = ["22", "25", "42"];

/** The read's own limit comes first, and says more than the driver's. */
const CONNECTION_MARGIN_MS = 1_000;

/**
 * Rows of a query on Postgres, in a transaction that can only read.
 *
 * The query goes the extended way, in which one text is one statement, so that none can end the
 * transaction. Each read has its own connection: reads are minutes apart.
 */
export async function readPostgresRows(source: SqlSource, reading: SourceReading): Promise<Row[]> {
  if (source.urlEnv === undefined) {
    throw new SourceError(source, "it says neither urlEnv nor path", "Say one of them.");
  }
  const client = await newClient({ ...source, urlEnv: source.urlEnv }, reading);
  const stop = () => void client.end();
  reading.signal.addEventListener("abort", stop, { once: true });
  try {
    await client.connect();
    await client.query("BEGIN READ ONLY");
    const query = { text: source.query, queryMode: "extended" };
    const result = await client.query<Record<string, unknown>>(query);
    return result.rows;
  } catch (error) {
    if (reading.signal.aborted) throw error;
    throw new SourceError(source, queryProblem(error));
  } finally {
    reading.signal.removeEventListener("abort", stop);
    await client.end().catch(() => {});
  }
}

async function newClient(
  source: SqlSource & { readonly urlEnv: string },
  reading: SourceReading,
): Promise<Client> {
  const config = configOf(source, reading);
  const { default: pg } = await import("pg");
  const connectionTimeoutMillis = reading.timeoutMs + CONNECTION_MARGIN_MS;
  const client = new pg.Client({ ...config, connectionTimeoutMillis });
  // Without a listener, a connection that breaks between two queries ends the process.
  client.on("error", () => {});
  return client;
}

function configOf(
  source: SqlSource & { readonly urlEnv: string },
  { env }: SourceReading,
): ClientConfig {
  try {
    return parsePostgresUrl(sourceVariable(source, source.urlEnv, env), source.urlEnv);
  } catch (error) {
    const problem = error instanceof ConfigurationError ? error.problems[0] : undefined;
    if (!problem) throw error;
    throw new SourceError(source, `it ${problem.message.replace(/\.$/, "")}`, problem.remedy);
  }
}

function queryProblem(error: unknown): string {
  const code = errorCode(error);
  const isAboutTheQuery = QUERY_ERROR_CLASSES.includes(code?.slice(0, 2) ?? "");
  if (isAboutTheQuery && error instanceof Error) return error.message;
  return errorWords(error);
}
