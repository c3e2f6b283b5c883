import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Logger } from "pino";
import type { ManifestApp } from "../contract/app.ts";
import { EXIT } from "../contract/exit-code.ts";
import type { ProcessContext } from "../run/process.ts";
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
  const exitCode =
    migration.kind === "postgres"
      ? await migrateServer(migration, options)
      : await migrateFile(migration, options);
  if (exitCode === EXIT.ok || options.signal.aborted) return;
  const text = `app/migrate: exited with ${exitCode}. Its log lines are above; the app does not start with an old schema.`;
  throw new StartRefused([text], exitCode);
}

async function migrateServer(
  { command, urlEnv, atHead, deadlineSeconds }: Extract<Migration, { kind: "postgres" }>,
  { process, log, signal }: MigrateOptions,
): Promise<number> {
  const { migratePostgres } = await import("../databases/migrate/postgres.ts");
  const app = process.manifest.system;
  const argv = ["/bin/sh", "-c", command];
  return migratePostgres(
    { app, urlEnv, argv, atHead, waitSeconds: deadlineSeconds },
    { env: process.env, directory: process.directory, log, signal },
  );
}

/** A database has one owner: where the app migrates by itself, its status is only logged. */
async function migrateFile(migration: FileMigration, options: MigrateOptions): Promise<number> {
  const database = resolve(options.process.directory, migration.path);
  try {
    if (migration.owner === "app") return await logAppMigrations(database, options.log);
    return await runMigrations(migration, database, options);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new StartRefused([`app/migrate: ${migration.path} could not be migrated: ${why}`]);
  }
}

async function logAppMigrations(database: string, log: Logger): Promise<number> {
  // The app makes its file at its first start.
  if (!existsSync(database)) return EXIT.ok;
  const { appMigrationStatus } = await import("../databases/migrate/sqlite-journal.ts");
  const { executed, failed } = appMigrationStatus(database);
  const fields = { executed: executed.length, failed };
  if (failed.length > 0) log.warn(fields, "the app's own migrations have failures");
  else log.info(fields, "the app's own migrations");
  return EXIT.ok;
}

async function runMigrations(
  migration: FileMigration,
  database: string,
  { process, log, signal }: MigrateOptions,
): Promise<number> {
  const { executableRunner, runSqliteMigrations, sqliteMigrationStatus } =
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
  return failed ? EXIT.failed : EXIT.ok;
}
