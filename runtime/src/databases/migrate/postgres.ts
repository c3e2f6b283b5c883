import { createHash } from "node:crypto";
import { constants } from "node:os";
import type { ClientConfig } from "pg";
import type { Logger } from "pino";
import { ConfigurationError } from "../../contract/configuration-error.ts";
import { type Env, valueOf } from "../../contract/env.ts";
import { EXIT } from "../../contract/exit-code.ts";
import { startChild } from "../../run/child.ts";
import { openSession, type Session } from "../postgres.ts";
import { parsePostgresUrl } from "../postgres-url.ts";
import { StoreError } from "../sql-database.ts";

/** Longest wait for the lock, in s. See docs/sources.md. */
const WAIT_SECONDS = 600;

/** How long one wait for the lock lasts before its holder is logged again, in ms. */
const SLICE_MS = 10_000;

/** Between SIGTERM and SIGKILL of the command, in ms: Render's default. @see https://render.com/docs/deploys#graceful-shutdown */
const GRACE_MS = 30_000;

/** Time limit of a connection, in ms, so that a silent server does not use up the whole wait. */
const CONNECT_LIMIT_MS = 15_000;

/** Shells add this to the number of the signal that ended a command. */
const SIGNAL_BASE = 128;

/** SQLSTATE of a wait that lock_timeout ended. @see https://www.postgresql.org/docs/current/errcodes-appendix.html */
const LOCK_NOT_AVAILABLE = "55P03";

/** Usual ports of poolers: pgbouncer, and Supabase's transaction mode. */
const POOLER_PORTS = [6432, 6543];

const DIRECT =
  "A pooler gives the lock to another client: use the direct URL of the database, for example in MIGRATION_DATABASE_URL.";

/** A migration that every instance of an app starts and one runs. */
export interface PostgresMigration {
  /** Owner of the migration: the lock's key consists of it and of the database. */
  readonly app: string;
  /** Variable with the URL of the database. */
  readonly urlEnv: string;
  readonly argv: readonly string[];
  /** Shell command that exits with 0 when there is nothing to migrate. */
  readonly atHead?: string | undefined;
  readonly waitSeconds?: number | undefined;
  /** Accept an address that looks like a pooler's. A pooler that is detected is still refused. */
  readonly allowPoolerAddress?: boolean | undefined;
}

/** Where the command runs. */
export interface MigrationContext {
  readonly env: Env;
  readonly directory: string;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * Runs a migration while this process alone holds its advisory lock, and resolves to its exit code.
 *
 * The lock belongs to a connection of its own, so Postgres releases it when this process dies. Exit
 * codes: the command's own; 75 when the lock was not free in time or was lost; 78 when the database
 * does not support such a lock.
 *
 * @throws StoreError when the database does not answer
 */
export async function migratePostgres(
  migration: PostgresMigration,
  context: MigrationContext,
): Promise<number> {
  const { atHead, urlEnv } = migration;
  const config = configOf(migration, context.env);
  if (atHead !== undefined && (await runCommand({ command: atHead }, context)) === 0) {
    context.log.info("the database is at head; nothing to migrate");
    return EXIT.ok;
  }
  const session = await openSession(urlEnv, config);
  try {
    await refusePooler(session, migration, config);
    if (!(await waitForLock(session, migration, context))) return EXIT.temporary;
    return await runLocked(session, migration, context);
  } finally {
    await session.end();
  }
}

function configOf(migration: PostgresMigration, env: Env): ClientConfig {
  const { app, urlEnv, allowPoolerAddress } = migration;
  const text = valueOf(env, urlEnv);
  if (text === undefined) {
    throw problem(urlEnv, "is not set.", "Set it to the URL of the Postgres database.");
  }
  if (/^(sqlite|file):/.test(text)) {
    const remedy = "Use a Postgres URL, or migrate: { sqlite } for a file.";
    throw problem(urlEnv, "is a SQLite file, which has no advisory locks.", remedy);
  }
  const config = parsePostgresUrl(text, urlEnv);
  const pooler = allowPoolerAddress ? undefined : knownPooler(config, text);
  if (pooler !== undefined) throw problem(urlEnv, `names a pooler: ${pooler}.`, DIRECT);
  return {
    ...config,
    application_name: `opspec migrate ${app}`,
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_LIMIT_MS,
  };
}

/**
 * Why an address is known to be a pooler's, or undefined.
 *
 * Neon's poolers have `-pooler` in their host names, Supabase's start with `pooler.`, and both ask for
 * `pgbouncer=true`.
 */
function knownPooler({ host, port }: ClientConfig, text: string): string | undefined {
  const [label = ""] = (host ?? "").split(".");
  if (label.endsWith("-pooler") || host?.includes("pooler.")) return "its host name is a pooler's";
  if (port !== undefined && POOLER_PORTS.includes(port)) return `port ${port} is a pooler's`;
  return /[?&]pgbouncer=true(&|$)/.test(text) ? "it says pgbouncer=true" : undefined;
}

/**
 * Refuses a pooler that may give a connection another server process between two statements, so that
 * another client would hold the session's lock.
 *
 * Two open connections have two server processes. Behind a pooler in transaction mode, the second
 * connection borrows the first one's process.
 */
async function refusePooler(
  session: Session,
  { urlEnv }: PostgresMigration,
  config: ClientConfig,
): Promise<void> {
  const second = await openSession(urlEnv, config);
  try {
    const before = await backendOf(session);
    await second.query("look for a pooler", "BEGIN");
    const borrowed = await backendOf(second);
    const during = await backendOf(session);
    await second.query("look for a pooler", "COMMIT");
    if (before === during && borrowed !== before) return;
  } finally {
    await second.end();
  }
  throw problem(urlEnv, "leads through a pooler that lends connections by transaction.", DIRECT);
}

async function backendOf(session: Session): Promise<unknown> {
  return (await session.query("look for a pooler", "SELECT pg_backend_pid() AS pid"))[0]?.["pid"];
}

/**
 * Acquires the session's advisory lock; false at the deadline or when the process is stopped. While it
 * waits, it logs who holds the lock. Postgres queues the waiting sessions, so a released lock is
 * passed on at once.
 */
async function waitForLock(
  session: Session,
  { app, waitSeconds = WAIT_SECONDS }: PostgresMigration,
  { log, signal }: MigrationContext,
): Promise<boolean> {
  const endAt = performance.now() + waitSeconds * 1000;
  const key = await prepareLock(session, app);
  if (await acquireWithin(session, key, 1)) return true;
  // Ending the connection gives up the place in the queue: the server checks for its client every second.
  const leave = (): void => session.destroy();
  signal.addEventListener("abort", leave, { once: true });
  try {
    while (performance.now() < endAt) {
      const remainingMs = Math.ceil(endAt - performance.now());
      const holder = await holderOf(session, key);
      const remainingSeconds = Math.ceil(remainingMs / 1000);
      log.info({ holder, remainingSeconds }, "waiting for the migration lock");
      if (await acquireWithin(session, key, Math.min(SLICE_MS, remainingMs))) return true;
    }
    log.error({ waitSeconds }, "the migration lock was not free in time; nothing was migrated");
    return false;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  } finally {
    signal.removeEventListener("abort", leave);
  }
}

/** The key of an app's lock in a database. Apps and databases do not block each other. */
async function prepareLock(session: Session, app: string): Promise<string> {
  // The server checks every second whether a waiting client is still connected (Postgres 14 and later).
  const [row] = await session.query(
    "prepare the migration lock",
    `SELECT current_database() AS database, (SELECT set_config(name, '1s', false)
       FROM pg_settings WHERE name = 'client_connection_check_interval')`,
  );
  const text = `opspec migrate\0${app}\0${String(row?.["database"])}`;
  return createHash("sha256").update(text).digest().readBigInt64BE(0).toString();
}

async function acquireWithin(session: Session, key: string, ms: number): Promise<boolean> {
  const verb = "wait for the migration lock";
  try {
    await session.query(verb, "SELECT set_config('lock_timeout', $1, false)", {
      values: [`${ms}ms`],
    });
    const limitMs = ms + CONNECT_LIMIT_MS;
    await session.query(verb, "SELECT pg_advisory_lock($1)", { values: [key], limitMs });
    return true;
  } catch (error) {
    if (error instanceof StoreError && error.code === LOCK_NOT_AVAILABLE) return false;
    throw error;
  }
}

async function holderOf(session: Session, key: string): Promise<unknown> {
  const [row] = await session.query(
    "read the holder of the migration lock",
    `SELECT a.pid, a.application_name AS application, a.usename AS user,
            round(extract(epoch FROM now() - a.backend_start))::int AS "connectedSeconds"
       FROM pg_locks l JOIN pg_stat_activity a USING (pid)
      WHERE l.locktype = 'advisory' AND l.granted
        AND l.classid = (($1::bigint >> 32) & 4294967295)::oid
        AND l.objid = ($1::bigint & 4294967295)::oid`,
    { values: [key] },
  );
  return row ?? "unknown";
}

/** Runs the command. It stops the command when the lock is lost, because another one may start. */
async function runLocked(
  { over }: Session,
  { argv }: PostgresMigration,
  context: MigrationContext,
): Promise<number> {
  const signal = AbortSignal.any([context.signal, over]);
  const exitCode = await runCommand({ argv }, { ...context, signal });
  if (!over.aborted) {
    context.log.info({ exitCode }, "the migration has ended");
    return exitCode;
  }
  context.log.error("the connection with the migration lock was lost; the command was stopped");
  return EXIT.temporary;
}

async function runCommand(
  command: { readonly command: string } | { readonly argv: readonly string[] },
  { env, directory: cwd, log, signal }: MigrationContext,
): Promise<number> {
  const child = startChild({ ...command, cwd, env, log, graceMs: GRACE_MS, signal });
  const end = await child.ended;
  return end.exitCode ?? SIGNAL_BASE + constants.signals[end.signal ?? "SIGKILL"];
}

function problem(where: string, message: string, remedy: string): ConfigurationError {
  return new ConfigurationError([{ where, message, remedy }]);
}
