import { setTimeout as sleep } from "node:timers/promises";
import type { ClientConfig, Pool, PoolClient } from "pg";

import { ConfigurationError } from "../../contract/configuration-error.ts";
import { type Env, valueOf } from "../../contract/env.ts";
import { StoreError } from "../store-error.ts";
import type { Query, Row, SqlDatabase } from "../sql-database.ts";
import { parsePostgresUrl } from "./url.ts";

/** Records, slots, documents and alerts of a process share them; small databases allow few. */
const CONNECTIONS_MAX = 3;

/** Longest wait for a connection and for an answer; a statement of ours takes milliseconds. */
export const POSTGRES_ANSWER_MS = 5_000;

/** A connection that nobody used for so long is closed: small databases allow few. */
const IDLE_MS = 30_000;

/**
 * SQLSTATEs of transactions that met another one: serialization failure and deadlock.
 *
 * @see https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html
 */
const CONFLICTS = ["40001", "40P01"];

/** Longest time for which a transaction is repeated after conflicts, and the longest pause. */
const CONFLICT_LIMIT_MS = 15_000;
const CONFLICT_PAUSE_MS = 50;

/** A few connections to one Postgres, opened when they are needed. */
export interface PostgresDatabase extends SqlDatabase {
  readonly config: ClientConfig;
  /** Rows of one statement. A failure says what could not be done and nothing of the URL. */
  query(verb: string, text: string, values?: readonly unknown[]): Promise<Row[]>;
}

/** A Postgres by the variable that holds its URL. It connects when it is first asked. */
export async function openDatabase(urlEnv: string, env: Env): Promise<PostgresDatabase> {
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
  const query = queryOn(pool, urlEnv);
  const ensured = new Set<string>();
  let closing: Promise<void> | undefined;
  return {
    dialect: "postgres",
    where: urlEnv,
    isKept: true,
    config,
    query,
    ensure: async (relation, ddl) => {
      if (ensured.has(relation)) return;
      await ensureRelation(query, relation, ddl);
      ensured.add(relation);
    },
    transaction: async (verb, work) => {
      const endMs = performance.now() + CONFLICT_LIMIT_MS;
      for (;;) {
        try {
          return await transactOnce(pool, { where: urlEnv, verb }, work);
        } catch (error) {
          const isConflict = error instanceof StoreError && CONFLICTS.includes(error.code ?? "");
          if (!isConflict || performance.now() > endMs) throw error;
        }
        await sleep(Math.random() * CONFLICT_PAUSE_MS);
      }
    },
    close: () => (closing ??= pool.end()),
  };
}

async function transactOnce<T>(
  pool: Pool,
  { where, verb }: { where: string; verb: string },
  work: (query: Query) => Promise<T>,
): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => {
    throw new StoreError({ where, verb }, error);
  });
  // Without a listener a connection that breaks now would end the process.
  client.on("error", ignore);
  const query = queryOn(client, where);
  let failure: Error | undefined;
  try {
    await query(verb, "BEGIN ISOLATION LEVEL SERIALIZABLE");
    const result = await work(query);
    await query(verb, "COMMIT");
    return result;
  } catch (error) {
    // A connection that cannot roll back is closed, which rolls back as well.
    failure = await query(verb, "ROLLBACK").then(
      () => undefined,
      (problem: Error) => problem,
    );
    throw error;
  } finally {
    client.off("error", ignore);
    client.release(failure);
  }
}

function ignore(): void {}

function queryOn(connection: Pool | PoolClient, where: string): PostgresDatabase["query"] {
  return async (verb, text, values = []) => {
    try {
      return (await connection.query<Row>(text, [...values])).rows;
    } catch (error) {
      throw new StoreError({ where, verb }, error);
    }
  };
}

/**
 * Our tables have a schema of their own: tools that compare the app's schema with its migrations
 * (Alembic, Prisma) read `public` and would ask to drop tables that they do not know.
 */
const SCHEMA = "opspec";

/** A number that no app uses; `CREATE … IF NOT EXISTS` alone fails when two processes run it at once. */
const CREATION_LOCK = 715_517_001;

async function ensureRelation(query: Query, relation: string, ddl: string): Promise<void> {
  const name = `${SCHEMA}.${relation}`;
  const exists = "SELECT to_regclass($1) IS NOT NULL AS there";
  const [row] = await query(`look for ${name}`, exists, [name]);
  if (row?.["there"] === true) return;
  // Several statements in one text are one transaction, so the lock lasts until all of it exists.
  await query(
    `create ${name}`,
    `SELECT pg_advisory_xact_lock(${CREATION_LOCK});
     SET LOCAL client_min_messages = warning;
     CREATE SCHEMA IF NOT EXISTS ${SCHEMA};
     ${ddl}`,
  );
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
