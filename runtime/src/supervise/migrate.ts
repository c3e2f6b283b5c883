import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Logger } from "pino";
import type { ManifestApp } from "../contract/app.ts";
import { EXIT } from "../contract/exit-code.ts";
import type { ProcessContext } from "../run/process.ts";
import { isTemporary } from "../databases/sqlite.ts";
import { StartRefused } from "./start-refused.ts";

type Migration = NonNullable<ManifestApp["migrate"]>;
type FileMigration = Extract<Migration, { kind: "sqlite" }>;

/** Between SIGTERM and SIGKILL of an executable migration, in ms. */
const GRACE_MS = 10_000;

export interface MigrateOptions {
  readonly process: Pick<ProcessContext, "manifest" | "env" | "childEnv" | "directory">;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * Migrates the app's database before the app starts.
 *
 * @throws StartRefused when a migration fails: the app must not start with an old schema
 */
export async function migrateApp(migration: Migration, options: MigrateOptions): Promise<void> {
  if (options.signal.aborted) return;
  if (migration.kind === "postgres") await migrateServer(migration, options);
  else await migrateFile(migration, options);
}

async function migrateServer(
  { command, urlEnv, atHead, deadlineSeconds }: Extract<Migration, { kind: "postgres" }>,
  { process, log, signal }: MigrateOptions,
): Promise<void> {
  const { migratePostgres } = await import("../databases/migrate/postgres.ts");
  const app = process.manifest.system;
  const argv = ["/bin/sh", "-c", command];
  const exitCode = await migratePostgres(
    { app, urlEnv, argv, atHead, waitSeconds: deadlineSeconds },
    { env: process.env, directory: process.directory, log, signal },
  );
  if (exitCode === EXIT.ok || signal.aborted) return;
  if (exitCode === EXIT.temporary) {
    const why = "the migration lock was not free in time, or its connection was lost";
    throw new StartRefused([`app/migrate: ${why}; the log says which.`], { exitCode });
  }
  // The command may have done a part, so it does not run again by itself.
  const ended = `app/migrate: "${command}" ended with exit code ${exitCode}. Its output is in the log.`;
  const remedy = `Correct it and deploy, or run it again with POST /ops/restart.`;
  throw new StartRefused([`${ended} ${remedy}`], { exitCode, isManual: true });
}

/** A database has one owner: where the app migrates by itself, its status is only logged. */
async function migrateFile(migration: FileMigration, options: MigrateOptions): Promise<void> {
  const database = resolve(options.process.directory, migration.path);
  try {
    if (migration.owner === "app") await logAppMigrations(database, options.log);
    else await runMigrations(migration, database, options);
  } catch (error) {
    if (error instanceof StartRefused) throw error;
    const why = error instanceof Error ? error.message : String(error);
    const exitCode = isTemporary(error) ? EXIT.temporary : EXIT.configuration;
    const text = `app/migrate: ${migration.path} could not be migrated: ${why}.`;
    throw new StartRefused([text], { exitCode });
  }
}

async function logAppMigrations(database: string, log: Logger): Promise<void> {
  // The app makes its file at its first start.
  if (!existsSync(database)) return;
  const { appMigrationStatus } = await import("../databases/migrate/sqlite-journal.ts");
  const { executed, failed } = appMigrationStatus(database);
  const fields = { executed: executed.length, failed };
  if (failed.length > 0) log.warn(fields, "the app's own migrations have failures");
  else log.info(fields, "the app's own migrations");
}

async function runMigrations(
  migration: FileMigration,
  database: string,
  { process, log, signal }: MigrateOptions,
): Promise<void> {
  const { executableRunner, retryCommand, runSqliteMigrations, sqliteMigrationStatus } =
    await import("../databases/migrate/sqlite.ts");
  const { directory: cwd, childEnv: env } = process;
  const migrations = {
    database,
    directory: resolve(cwd, migration.directory),
    runCommand: executableRunner(database, { cwd, env, log, graceMs: GRACE_MS, signal }),
  };
  const { executed, failed } = await runSqliteMigrations(migrations);
  const { renamed, removed } = await sqliteMigrationStatus(migrations);
  log.info({ executed, failed }, "sqlite migrations");
  if (renamed.length + removed.length > 0) {
    log.warn({ renamed, removed }, "applied sqlite migrations are missing from their folder");
  }
  if (!failed || signal.aborted) return;
  const { id, error } = failed;
  const what = `app/migrate: migration "${id}" of ${migration.path} failed: ${error}.`;
  const remedy = `Deploy a corrected file or a version without it, or let this file run again: ${retryCommand(migrations, id)}`;
  throw new StartRefused([`${what} ${remedy}`], { exitCode: EXIT.failed });
}
