import { existsSync } from "node:fs";
import type { ManifestApp } from "../contract/app.ts";
import { EXIT } from "../contract/exit-code.ts";
import { executableRunner } from "../databases/migrate/run-executable.ts";
import type { Migrations } from "../databases/migrate/sqlite.ts";
import type { ProcessContext } from "../run/process.ts";
import { passGates } from "./gate.ts";
import { linkPersisted } from "./persist-links.ts";
import type { PersistedPath } from "./persisted-path.ts";
import { seedDatabase } from "./seed.ts";
import { StartRefused } from "./start-refused.ts";
import type { Logger } from "pino";
import { resolve } from "node:path";

/** What is needed to prepare the start. */
export interface Preparation {
  readonly process: ProcessContext;
  readonly app: ManifestApp;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * Everything that must be so before the app starts, in the order in which each needs the one before:
 * its directories on the disk, a database in them, what it depends on, and its schema.
 *
 * @throws StartRefused
 */
export async function prepareStart(preparation: Preparation): Promise<PersistedPath[]> {
  const { process, app, log, signal } = preparation;
  const links = await linkPersisted(process.manifest, process.directory, log);
  if (app.seed) await seedDatabase(app.seed, { directory: process.directory, log });
  await passGates(app.gates ?? [], { env: process.env, log, signal });
  if (app.migrate && !signal.aborted) await migrate(preparation, app.migrate);
  return links;
}

type Migration = NonNullable<ManifestApp["migrate"]>;

async function migrate(preparation: Preparation, migration: Migration): Promise<void> {
  const exitCode =
    migration.kind === "postgres"
      ? await migrateWithLock(preparation, migration)
      : await migrateFile(preparation, migration);
  if (exitCode === EXIT.ok || preparation.signal.aborted) return;
  const text = `app/migrate: it ended with ${exitCode}. Look at its lines above; the app is not started with an old schema.`;
  throw new StartRefused([text], exitCode);
}

async function migrateWithLock(
  { process, log, signal }: Preparation,
  migration: Extract<Migration, { kind: "postgres" }>,
): Promise<number> {
  const { migratePostgres } = await import("../databases/migrate/postgres.ts");
  const { command, urlEnv, atHead, deadlineSeconds } = migration;
  return migratePostgres(
    {
      app: process.manifest.system,
      urlEnv,
      argv: ["/bin/sh", "-c", command],
      atHead,
      waitSeconds: deadlineSeconds,
    },
    { env: process.env, directory: process.directory, log, signal },
  );
}

type FileMigration = Extract<Migration, { kind: "sqlite" }>;

/** One owner: where the app migrates its file by itself, what it recorded is told and nothing is run. */
async function migrateFile(preparation: Preparation, migration: FileMigration): Promise<number> {
  const { process, log } = preparation;
  const database = resolve(process.directory, migration.path);
  try {
    if (migration.owner === "app") return await tellAppMigrations(database, log);
    return await runMigrations(preparation, migration, database);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new StartRefused([`app/migrate: ${migration.path} could not be migrated: ${why}`]);
  }
}

async function tellAppMigrations(database: string, log: Logger): Promise<number> {
  // Before its first start there is no file, which is the app's to make.
  if (!existsSync(database)) return EXIT.ok;
  const { appMigrationStatus } = await import("../databases/migrate/sqlite-app-status.ts");
  const { executed, failed } = appMigrationStatus(database);
  const fields = { executed: executed.length, failed };
  if (failed.length > 0) log.warn(fields, "the app's own migrations have failures");
  else log.info(fields, "the app's own migrations");
  return EXIT.ok;
}

async function runMigrations(
  { process, log, signal }: Preparation,
  migration: FileMigration,
  database: string,
): Promise<number> {
  const { runSqliteMigrations, sqliteMigrationStatus } =
    await import("../databases/migrate/sqlite.ts");
  const migrations: Migrations = {
    database,
    directory: resolve(process.directory, migration.directory),
    runCommand: executableRunner(database, {
      cwd: process.directory,
      env: process.childEnv,
      log,
      graceMs: GRACE_MS,
      signal,
    }),
  };
  const { executed, failed } = await runSqliteMigrations(migrations);
  const { renamed, removed } = await sqliteMigrationStatus(migrations);
  log.info({ executed, failed }, "sqlite migrations");
  if (renamed.length + removed.length > 0) {
    log.warn({ renamed, removed }, "sqlite migrations that were applied are not in their folder");
  }
  return failed ? EXIT.failed : EXIT.ok;
}

/** Between SIGTERM and SIGKILL of a migration that is a program, in ms. */
const GRACE_MS = 10_000;
