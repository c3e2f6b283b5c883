import type { ClientConfig, Pool } from "pg";

import { ConfigurationError } from "../../contract/configuration-error.ts";
import { type Env, valueOf } from "../../contract/env.ts";
import { StoreError } from "../../state/stores/store-error.ts";
import { parsePostgresUrl } from "./url.ts";

/** A store needs one connection, and a second one while the first is broken. */
const CONNECTIONS_MAX = 2;

/** Longest wait for a connection and for an answer; a statement of ours takes milliseconds. */
export const POSTGRES_ANSWER_MS = 5_000;

/** A connection that nobody used for so long is given back: small databases allow few. */
const IDLE_MS = 30_000;

export type PostgresRow = Record<string, unknown>;

/** A few connections to one Postgres, opened when they are needed. */
export interface Database {
  /** Name of the variable with its URL. */
  readonly where: string;
  readonly config: ClientConfig;
  /** Rows of one statement. A failure says what could not be done and nothing of the URL. */
  query(verb: string, text: string, values?: readonly unknown[]): Promise<PostgresRow[]>;
  close(): Promise<void>;
}

/** A Postgres by the variable that holds its URL. It connects when it is first asked. */
export async function openDatabase(urlEnv: string, env: Env): Promise<Database> {
  const config = postgresConfig(urlEnv, env);
  const { Pool: ConnectionPool } = await import("pg");
  const pool: Pool = new ConnectionPool({
    ...config,
    max: CONNECTIONS_MAX,
    idleTimeoutMillis: IDLE_MS,
    query_timeout: POSTGRES_ANSWER_MS,
    // A store that nobody closed does not keep a process that is done.
    allowExitOnIdle: true,
  });
  // A connection that breaks while idle is replaced by the next query.
  pool.on("error", () => {});
  let closing: Promise<void> | undefined;
  return {
    where: urlEnv,
    config,
    query: async (verb, text, values = []) => {
      try {
        return (await pool.query<PostgresRow>(text, [...values])).rows;
      } catch (error) {
        throw new StoreError({ where: urlEnv, verb }, error);
      }
    },
    close: () => (closing ??= pool.end()),
  };
}

/** How connections to it are made, without connecting. */
function postgresConfig(urlEnv: string, env: Env): ClientConfig {
  const text = valueOf(env, urlEnv);
  if (text === undefined) {
    const remedy = "Set it to the URL of the Postgres database.";
    throw new ConfigurationError([{ where: urlEnv, message: "is not set.", remedy }]);
  }
  return {
    application_name: "opspec",
    ...parsePostgresUrl(text, urlEnv),
    connectionTimeoutMillis: POSTGRES_ANSWER_MS,
    keepAlive: true,
  };
}
