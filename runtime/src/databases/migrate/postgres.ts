import { constants } from "node:os";
import type { Client, ClientConfig } from "pg";
import type { Logger } from "pino";
import { startChild } from "../../run/child/child.ts";
import { EXIT } from "../../contract/exit-code.ts";
import { parsePostgresUrl } from "../postgres/url.ts";
import { ConfigurationError } from "../../contract/configuration-error.ts";
import { type Env, valueOf } from "../../contract/env.ts";
import { StoreError } from "../../state/stores/store-error.ts";
import { lockKey, unlock, waitForLock } from "./advisory-lock.ts";
import { isPooledByTransaction, knownPooler } from "./pooler.ts";

/** Longest wait for the lock, in seconds; see docs/sources.md. */
const WAIT_SECONDS = 600;

/** A command that is told to stop has this long, in milliseconds: Render's own default. @see https://render.com/docs/deploys#graceful-shutdown */
const GRACE_MS = 30_000;

/** A server that does not answer must not use up the whole wait, in milliseconds. */
const CONNECT_LIMIT_MS = 15_000;

/** How shells say that a signal ended a command: 128 and its number. */
const SIGNAL_BASE = 128;

/** A migration that all instances of an app want to run, and one may. */
export interface PostgresMigration {
  /** Whose migration it is: the lock's key is made of it and of the database. */
  readonly app: string;
  /** Variable with the URL of the database. */
  readonly urlEnv: string;
  readonly argv: readonly string[];
  /** Command of a shell that ends with 0 when there is nothing to migrate. */
  readonly atHead?: string | undefined;
  readonly waitSeconds?: number | undefined;
  /** Believe that what looks like a pooler by its address is none. One that is detected is refused still. */
  readonly allowPoolerAddress?: boolean | undefined;
}

/** Where it runs. */
export interface MigrationPlace {
  readonly env: Env;
  readonly directory: string;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * Runs a migration while this process alone holds its advisory lock, and resolves to its exit code.
 *
 * The lock belongs to a connection of its own, so Postgres frees it when this process dies. Exit
 * codes: the command's own; 75 when the lock was not free in time or was lost; 78 when the
 * database cannot carry such a lock.
 *
 * @throws StoreError when the database does not answer
 */
export async function migratePostgres(
  migration: PostgresMigration,
  place: MigrationPlace,
): Promise<number> {
  const config = addressOf(migration, place.env);
  if (migration.atHead !== undefined && (await isAtHead(migration.atHead, place))) {
    place.log.info("the database is at head; nothing to migrate");
    return EXIT.ok;
  }
  await using client = await connect(config, migration);
  await refusePooler(client.connection, { config, migration });
  const key = await keyOf(client.connection, migration.app);
  const waitSeconds = migration.waitSeconds ?? WAIT_SECONDS;
  const { log, signal } = place;
  const waited = await waitForLock(client.connection, {
    key,
    deadlineMs: waitSeconds * 1000,
    log,
    signal,
  }).catch((error: unknown) => {
    throw new StoreError({ where: migration.urlEnv, verb: "wait for the migration lock" }, error);
  });
  if (waited === "timeout") {
    log.error({ waitSeconds }, "the migration lock was not free in time; nothing was migrated");
  }
  if (waited !== "locked") return EXIT.temporary;
  const exitCode = await runLocked(client, migration, place);
  if (!client.isLost()) await unlock(client.connection, key);
  return exitCode;
}

function addressOf(migration: PostgresMigration, env: Env): ClientConfig {
  const { urlEnv } = migration;
  const text = valueOf(env, urlEnv);
  if (text === undefined) {
    throw problem(urlEnv, "is not set.", "Set it to the URL of the Postgres database.");
  }
  if (/^(sqlite|file):/.test(text)) {
    const remedy = "Use a Postgres URL, or migrate: { sqlite } for a file.";
    throw problem(urlEnv, "is a SQLite file, which has no advisory locks.", remedy);
  }
  const config = parsePostgresUrl(text, urlEnv);
  const pooler = migration.allowPoolerAddress ? undefined : knownPooler(config, text);
  if (pooler !== undefined) {
    throw problem(urlEnv, `names a pooler: ${pooler}.`, DIRECT);
  }
  return config;
}

const DIRECT =
  "A pooler gives the lock to whoever comes next: use the direct URL of the database, for example in MIGRATION_DATABASE_URL.";

async function isAtHead(command: string, { env, directory, log, signal }: MigrationPlace) {
  const child = startChild({ command, cwd: directory, env, log, graceMs: GRACE_MS, signal });
  return (await child.ended).exitCode === 0;
}

/** A connection that says when it is lost, and that ends with its scope. */
interface Connection extends AsyncDisposable {
  readonly connection: Client;
  readonly lost: AbortSignal;
  isLost(): boolean;
}

async function connect(
  config: ClientConfig,
  { app, urlEnv }: PostgresMigration,
): Promise<Connection> {
  const { Client: PostgresClient } = (await import("pg")).default;
  const connection = new PostgresClient({
    ...config,
    application_name: `opspec migrate ${app}`,
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_LIMIT_MS,
  });
  const lost = new AbortController();
  connection.on("error", () => lost.abort());
  connection.on("end", () => lost.abort());
  try {
    await connection.connect();
  } catch (error) {
    throw new StoreError({ where: urlEnv, verb: "connect for the migration" }, error);
  }
  return {
    connection,
    lost: lost.signal,
    isLost: () => lost.signal.aborted,
    [Symbol.asyncDispose]: () => connection.end(),
  };
}

async function refusePooler(
  client: Client,
  { config, migration }: { config: ClientConfig; migration: PostgresMigration },
): Promise<void> {
  await using second = await connect(config, migration);
  if (!(await isPooledByTransaction(client, second.connection))) return;
  const message = "leads through a pooler that lends connections by transaction.";
  throw problem(migration.urlEnv, message, DIRECT);
}

async function keyOf(client: Client, app: string): Promise<bigint> {
  // The server looks every second whether a client that waits is still there (Postgres 14 and later).
  await client.query(
    "SELECT set_config(name, '1s', false) FROM pg_settings WHERE name = 'client_connection_check_interval'",
  );
  const { rows } = await client.query("SELECT current_database() AS database");
  return lockKey(app, String(rows[0]?.database));
}

/** Runs the command; one that lost its lock is stopped, because another may have begun. */
async function runLocked(
  client: Connection,
  { argv }: PostgresMigration,
  { env, directory, log, signal }: MigrationPlace,
): Promise<number> {
  const child = startChild({
    argv,
    cwd: directory,
    env,
    log,
    graceMs: GRACE_MS,
    signal: AbortSignal.any([signal, client.lost]),
  });
  const end = await child.ended;
  if (client.isLost()) {
    log.error("the connection with the migration lock was lost; the command was stopped");
    return EXIT.temporary;
  }
  log.info({ exitCode: end.exitCode, signal: end.signal }, "the migration has ended");
  return end.exitCode ?? SIGNAL_BASE + constants.signals[end.signal ?? "SIGKILL"];
}

function problem(where: string, message: string, remedy: string): ConfigurationError {
  return new ConfigurationError([{ where, message, remedy }]);
}
