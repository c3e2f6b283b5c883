import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { resolve } from "node:path";
import type { ManifestApp } from "../contract/app.ts";
import { errorCode } from "../contract/error-code.ts";
import { appMigrationStatus } from "../databases/migrate/sqlite-journal.ts";
import {
  type Migrations,
  executableRunner,
  runSqliteMigrations,
  sqliteMigrationStatus,
} from "../databases/migrate/sqlite.ts";
import { HttpError, json, readJson } from "../http.ts";
import { ActorBody, type OpsContext, type OpsRoute, actorOf, logChange } from "./api.ts";
import type { ProcessContext } from "../run/process.ts";
import type { RunProcess } from "../run/run.ts";

/** Shows the migrations of the app's SQLite database, and runs those that are pending. */
export const migrationRoutes: readonly OpsRoute[] = [
  {
    method: "GET",
    path: "/ops/migrations",
    answer: async ({ var: { ops } }) => json(200, await viewMigrations(ops.process)),
  },
  {
    method: "POST",
    path: "/ops/migrations/run",
    answer: async (c) => {
      const run = await runMigrationsByHand(c);
      return json(run.failed.length === 0 ? 200 : 500, run);
    },
  },
];

/** Runs pending migrations and logs the actor. */
export async function runMigrationsByHand(c: OpsContext): Promise<MigrationRunView> {
  const body = await readJson(c, ActorBody);
  const run = await runPendingMigrations(c.var.ops.process);
  logChange(c, { actor: actorOf(c, body.actor), did: "migrate", ...run });
  return run;
}

/** Time between SIGTERM and SIGKILL for a migration that is a program, in milliseconds. */
const GRACE_MS = 30_000;

/** A failed migration and its error. */
interface FailedMigration {
  readonly name: string;
  readonly error: string;
}

/** The state of the migrations of a SQLite database. */
export interface MigrationView {
  /** Who runs them: the runtime, or the app at its start. */
  readonly owner: "runtime" | "app";
  readonly database: string;
  /** All known migrations: those in the folder, and applied ones whose file is gone. */
  readonly registered: readonly string[];
  readonly executed: readonly string[];
  readonly pending: readonly string[];
  readonly failed: readonly FailedMigration[];
  /** Applied under another name, or applied and gone from the folder. Neither runs again. */
  readonly renamed: readonly { readonly from: string; readonly to: string }[];
  readonly removed: readonly string[];
}

/** The result of a manual run. */
export interface MigrationRunView {
  readonly executed: readonly string[];
  readonly failed: readonly FailedMigration[];
}

/** The state of the migrations of a process. */
export async function viewMigrations(process: RunProcess): Promise<MigrationView> {
  const declared = declaredMigrations(process);
  return declared.owner === "app" ? viewOfApp(declared) : viewOfRuntime(process, declared);
}

/**
 * Runs pending migrations.
 *
 * An app that owns its migrations runs them when it starts, so this restarts the app if any are
 * pending.
 */
async function runPendingMigrations(process: RunProcess): Promise<MigrationRunView> {
  const declared = declaredMigrations(process);
  if (declared.owner === "app") return runOfApp(process, declared);
  const { executed, failed } = await runSqliteMigrations(migrationsOf(process, declared));
  return {
    executed,
    failed: failed ? [{ name: failed.id, error: failed.error ?? "unknown" }] : [],
  };
}

type Declared = Extract<NonNullable<ManifestApp["migrate"]>, { kind: "sqlite" }> & {
  /** Absolute. */
  readonly database: string;
  readonly folder: string;
};

function declaredMigrations({ manifest, directory }: ProcessContext): Declared {
  const declared = manifest.app?.migrate;
  if (declared?.kind !== "sqlite") {
    const why = declared
      ? "they run before each start of the app, under a lock: restart it"
      : "none are declared";
    throw new HttpError(404, `there are no migrations here: ${why}`);
  }
  const [database, folder] = [declared.path, declared.directory].map((it) =>
    resolve(directory, it),
  );
  return { ...declared, database: database ?? "", folder: folder ?? "" };
}

function migrationsOf(process: RunProcess, { database, folder }: Declared): Migrations {
  const { directory: cwd, childEnv: env, log, stop } = process;
  const place = { cwd, env, log, graceMs: GRACE_MS, signal: stop.signal };
  return { database, directory: folder, runCommand: executableRunner(database, place) };
}

async function viewOfRuntime(process: RunProcess, declared: Declared): Promise<MigrationView> {
  const status = await sqliteMigrationStatus(migrationsOf(process, declared));
  const executed = status.applied.map(({ id }) => id);
  const failed = status.failed.map(({ id, error }) => ({ name: id, error: error ?? "unknown" }));
  const { pending, renamed, removed } = status;
  const registered = unique([...executed, ...failed.map(({ name }) => name), ...pending]);
  const { database } = declared;
  return { owner: "runtime", database, registered, executed, pending, failed, renamed, removed };
}

async function viewOfApp({ database, folder }: Declared): Promise<MigrationView> {
  const { executed, failed } = existsSync(database)
    ? appMigrationStatus(database)
    : { executed: [], failed: [] };
  const inFolder = await namesIn(folder);
  const ran = [...executed, ...failed.map(({ name }) => name)];
  return {
    owner: "app",
    database,
    registered: unique([...inFolder, ...ran]),
    executed,
    pending: inFolder.filter((name) => !ran.includes(name)),
    failed,
    renamed: [],
    removed: inFolder.length === 0 ? [] : executed.filter((name) => !inFolder.includes(name)),
  };
}

async function runOfApp(process: RunProcess, declared: Declared): Promise<MigrationRunView> {
  const before = await viewOfApp(declared);
  const isKnown = (await namesIn(declared.folder)).length > 0;
  const isDone = isKnown && before.pending.length === 0 && before.failed.length === 0;
  if (isDone) return { executed: [], failed: [] };
  if (!process.app) throw new HttpError(409, "the app runs them at its start, and it is not here");
  await process.app.restart("migrations are run by hand");
  const after = await viewOfApp(declared);
  return {
    executed: after.executed.filter((name) => !before.executed.includes(name)),
    failed: after.failed,
  };
}

/** Names of the migrations of an app by their files, in any language; empty when there are no files. */
async function namesIn(folder: string): Promise<string[]> {
  const files = await readdir(folder).catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  });
  return files
    .flatMap((file) => /^(\d+[_-][^.]+)\.\w+$/.exec(file)?.[1] ?? [])
    .toSorted((a, b) => (a < b ? -1 : 1));
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)].toSorted((a, b) => (a < b ? -1 : 1));
}
