import { constants } from "node:os";
import type { Client, ClientConfig } from "pg";
import type { Logger } from "pino";
import { ConfigurationError } from "../../contract/configuration-error.ts";
import { type Env, valueOf } from "../../contract/env.ts";
import { EXIT } from "../../contract/exit-code.ts";
import { startChild } from "../../run/child.ts";
import { StoreError } from "../store-error.ts";
import { parsePostgresUrl } from "../postgres/url.ts";
import {
  isPooledByTransaction,
  knownPooler,
  lockKey,
  unlock,
  waitForLock,
} from "./advisory-lock.ts";

/** Longest wait for the lock, in s. See docs/sources.md. */
const WAIT_SECONDS = 600;

/** Between SIGTERM and SIGKILL of the command, in ms: Render's default. @see https://render.com/docs/deploys#graceful-shutdown */
const GRACE_MS = 30_000;

/** Time limit of a connection, in ms, so that a silent server does not use up the whole wait. */
const CONNECT_LIMIT_MS = 15_000;

/** Shells add this to the number of the signal that ended a command. */
const SIGNAL_BASE = 128;

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
  const { log, signal } = context;
  const config = configOf(migration, context.env);
  if (migration.atHead !== undefined && (await isAtHead(migration.atHead, context))) {
    log.info("the database is at head; nothing to migrate");
    return EXIT.ok;
  }
  await using session = await connect(config, migration);
  const { client } = session;
  await refusePooler(client, { config, migration });
  const key = await keyOf(client, migration.app);
  const { waitSeconds = WAIT_SECONDS, urlEnv } = migration;
  const wait = { key, deadlineMs: waitSeconds * 1000, log, signal };
  const waited = await waitForLock(client, wait).catch((error: unknown) => {
    throw new StoreError({ where: urlEnv, verb: "wait for the migration lock" }, error);
  });
  if (waited === "timeout") {
    log.error({ waitSeconds }, "the migration lock was not free in time; nothing was migrated");
  }
  if (waited !== "locked") return EXIT.temporary;
  const exitCode = await runLocked(session, migration, context);
  if (!session.lost.aborted) await unlock(client, key);
  return exitCode;
}

const DIRECT =
  "A pooler gives the lock to another client: use the direct URL of the database, for example in MIGRATION_DATABASE_URL.";

function configOf({ urlEnv, allowPoolerAddress }: PostgresMigration, env: Env): ClientConfig {
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
  return config;
}

async function isAtHead(command: string, context: MigrationContext): Promise<boolean> {
  const { env, directory: cwd, log, signal } = context;
  const child = startChild({ command, cwd, env, log, graceMs: GRACE_MS, signal });
  return (await child.ended).exitCode === 0;
}

/** A connection that ends with its scope. */
interface MigrationSession extends AsyncDisposable {
  readonly client: Client;
  /** Aborted when the connection is over. */
  readonly lost: AbortSignal;
}

async function connect(
  config: ClientConfig,
  { app, urlEnv }: PostgresMigration,
): Promise<MigrationSession> {
  const { Client: PostgresClient } = (await import("pg")).default;
  const client = new PostgresClient({
    ...config,
    application_name: `opspec migrate ${app}`,
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_LIMIT_MS,
  });
  const lost = new AbortController();
  client.on("error", () => lost.abort());
  client.on("end", () => lost.abort());
  try {
    await client.connect();
  } catch (error) {
    throw new StoreError({ where: urlEnv, verb: "connect for the migration" }, error);
  }
  return { client, lost: lost.signal, [Symbol.asyncDispose]: () => client.end() };
}

async function refusePooler(
  client: Client,
  { config, migration }: { config: ClientConfig; migration: PostgresMigration },
): Promise<void> {
  await using second = await connect(config, migration);
  if (!(await isPooledByTransaction(client, second.client))) return;
  const message = "leads through a pooler that lends connections by transaction.";
  throw problem(migration.urlEnv, message, DIRECT);
}

async function keyOf(client: Client, app: string): Promise<bigint> {
  // The server checks every second whether a waiting client is still connected (Postgres 14 and later).
  await client.query(
    "SELECT set_config(name, '1s', false) FROM pg_settings WHERE name = 'client_connection_check_interval'",
  );
  const { rows } = await client.query("SELECT current_database() AS database");
  return lockKey(app, String(rows[0]?.database));
}

/** Runs the command. It stops the command when the lock is lost, because another one may start. */
async function runLocked(
  { lost }: MigrationSession,
  { argv }: PostgresMigration,
  { env, directory: cwd, log, signal: stop }: MigrationContext,
): Promise<number> {
  const signal = AbortSignal.any([stop, lost]);
  const end = await startChild({ argv, cwd, env, log, graceMs: GRACE_MS, signal }).ended;
  if (lost.aborted) {
    log.error("the connection with the migration lock was lost; the command was stopped");
    return EXIT.temporary;
  }
  log.info({ exitCode: end.exitCode, signal: end.signal }, "the migration has ended");
  return end.exitCode ?? SIGNAL_BASE + constants.signals[end.signal ?? "SIGKILL"];
}

function problem(where: string, message: string, remedy: string): ConfigurationError {
  return new ConfigurationError([{ where, message, remedy }]);
}
