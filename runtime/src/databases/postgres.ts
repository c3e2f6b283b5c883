import { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { ClientConfig, Pool, PoolClient } from "pg";

import { ConfigurationError } from "../contract/configuration-error.ts";
import { type Env, valueOf } from "../contract/env.ts";
import { startTimer } from "../run/timer.ts";
import { CheckError } from "../health/error-words.ts";
import { parsePostgresUrl } from "./postgres-url.ts";
import { type Query, type Row, type SqlDatabase, StoreError } from "./sql-database.ts";

/** Records, slots, documents and alerts of a process share them; small databases allow few. */
const CONNECTIONS_MAX = 3;

/** Longest wait for a connection and for an answer; a statement of ours takes milliseconds. */
const POSTGRES_ANSWER_MS = 5_000;

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

/** One connection whose session matters: an advisory lock lasts as long as it. */
export interface Session {
  /** Rows of one statement; one that takes longer than the limit ends the session. */
  query(
    verb: string,
    text: string,
    options?: { values?: readonly unknown[]; limitMs?: number },
  ): Promise<Row[]>;
  /** Aborted when it is over, by us or by anybody else. */
  readonly over: AbortSignal;
  /** Ends it as the server expects it, which frees its locks. */
  end(): Promise<void>;
  /** Ends it at once, without telling a server that may not answer. */
  destroy(): void;
}

/** Connects. An abort of the signal ends the session at once. */
export async function openSession(
  where: string,
  config: ClientConfig,
  signal?: AbortSignal,
): Promise<Session> {
  const { Client: PgClient } = await import("pg");
  // Only closing the socket frees a server that hangs.
  const socket = new Socket();
  const client = new PgClient({ ...config, stream: () => socket });
  const over = new AbortController();
  client.on("error", () => over.abort());
  client.on("end", () => over.abort());
  const destroy = () => {
    over.abort();
    socket.destroy();
  };
  signal?.addEventListener("abort", destroy, { once: true });
  over.signal.addEventListener("abort", () => signal?.removeEventListener("abort", destroy));
  try {
    signal?.throwIfAborted();
    await client.connect();
  } catch (error) {
    destroy();
    throw new StoreError({ where, verb: "connect" }, error);
  }
  return {
    over: over.signal,
    destroy,
    query: async (verb, text, { values = [], limitMs = POSTGRES_ANSWER_MS } = {}) => {
      let late: CheckError | undefined;
      const limit = startTimer(limitMs, () => {
        late = new CheckError(`no answer within ${limitMs} ms`);
        destroy();
      });
      try {
        return (await client.query<Row>(text, [...values])).rows;
      } catch (error) {
        throw new StoreError({ where, verb }, late ?? error);
      } finally {
        limit.stop();
      }
    },
    end: async () => {
      if (over.signal.aborted) return;
      const limit = setTimeout(destroy, POSTGRES_ANSWER_MS);
      await client.end().catch(() => {});
      clearTimeout(limit);
      over.abort();
    },
  };
}

/** A connection for probes: an aborted signal drops it at once, and the next query connects again. */
export interface ProbedPostgres {
  query(text: string, signal: AbortSignal): Promise<Row[]>;
  close(): Promise<void>;
}

/** Opens nothing yet: the first query loads the driver and connects. */
export function postgresConnection(urlEnv: string, env: Env): ProbedPostgres {
  let held: Session | undefined;
  const drop = (): void => {
    held?.destroy();
    held = undefined;
  };
  const connected = async (signal: AbortSignal): Promise<Session> => {
    if (held && !held.over.aborted) return held;
    const url = valueOf(env, urlEnv);
    if (url === undefined) throw new CheckError(`${urlEnv} is not set`);
    const config = { ...parsePostgresUrl(url, urlEnv), application_name: "opspec-health" };
    held = await openSession(urlEnv, config, signal);
    return held;
  };
  return {
    query: async (text, signal) => {
      signal.addEventListener("abort", drop, { once: true });
      try {
        const session = await connected(signal);
        // The signal is the limit of a probe.
        return await session.query("answer a probe", text, { limitMs: Number.MAX_SAFE_INTEGER });
      } catch (error) {
        drop();
        throw error;
      } finally {
        signal.removeEventListener("abort", drop);
      }
    },
    close: async () => drop(),
  };
}
