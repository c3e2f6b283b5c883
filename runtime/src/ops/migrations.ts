import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { resolve } from "node:path";
import { appMigrationStatus } from "../databases/migrate/sqlite-journal.ts";
import {
  type Migrations,
  executableRunner,
  runSqliteMigrations,
  sqliteMigrationStatus,
} from "../databases/migrate/sqlite.ts";
import { HttpError, json } from "../http.ts";
import { type OpsContext, type OpsRoute, logChange, readChange } from "./api.ts";
import { noneIfMissing } from "./file-transfer.ts";
import type { RunProcess } from "../run/run.ts";

/** Shows the migrations of the app's SQLite database, and runs those that are pending. */
export const migrationRoutes: readonly OpsRoute[] = [
  {
    method: "GET",
    path: "/ops/migrations",
    answer: async (c) => json(200, await viewMigrations(c.var.ops.process)),
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

/** Time between SIGTERM and SIGKILL for a migration that is a program, in milliseconds. */
const GRACE_MS = 30_000;

/**
 * Runs pending migrations and logs the actor.
 *
 * An app that owns its migrations runs them when it starts, so this restarts the app if any are
 * pending.
 */
export async function runMigrationsByHand(c: OpsContext) {
  const { actor } = await readChange(c, {});
  const { process } = c.var.ops;
  const { owner, ...migrations } = declaredMigrations(process);
  const run = await (owner === "app" ? runOfApp(process, migrations) : runOfRuntime(migrations));
  logChange(c, { actor, did: "migrate", ...run });
  return run;
}

async function runOfRuntime(migrations: Migrations) {
  const { executed, failed } = await runSqliteMigrations(migrations);
  return { executed, failed: failed ? [failure(failed)] : [] };
}

async function runOfApp({ app }: RunProcess, migrations: Migrations) {
  const before = await viewOfApp(migrations);
  const isDone = before.inFolder.length > 0 && before.pending.length === 0;
  if (isDone && before.failed.length === 0) return { executed: [], failed: [] };
  if (!app) throw new HttpError(409, "the app runs them at its start, and it is not here");
  await app.restart("migrations are run by hand");
  const { executed, failed } = await viewOfApp(migrations);
  return { executed: executed.filter((name) => !before.executed.includes(name)), failed };
}

function declaredMigrations({ manifest, directory: cwd, childEnv: env, log, stop }: RunProcess) {
  const declared = manifest.app?.migrate;
  if (declared?.kind !== "sqlite") {
    const why = declared
      ? "they run before each start of the app, under a lock: restart it"
      : "none are declared";
    throw new HttpError(404, `there are no migrations here: ${why}`);
  }
  const database = resolve(cwd, declared.path);
  const options = { cwd, env, log, graceMs: GRACE_MS, signal: stop.signal };
  const runCommand = executableRunner(database, options);
  return {
    owner: declared.owner,
    database,
    directory: resolve(cwd, declared.directory),
    runCommand,
  };
}

export type MigrationView = Awaited<ReturnType<typeof viewMigrations>>;

/**
 * The state of the migrations of a process, which the runtime or the app owns. `registered` are those
 * in the folder, and applied ones whose file is gone. Those that were applied and are `renamed` or
 * `removed` do not run again.
 */
export async function viewMigrations(process: RunProcess) {
  const { owner, ...migrations } = declaredMigrations(process);
  const { database } = migrations;
  if (owner === "app") {
    const { inFolder, ...view } = await viewOfApp(migrations);
    const removed = view.executed.filter((name) => !inFolder.includes(name));
    return { owner, database, ...view, renamed: [], removed: inFolder.length > 0 ? removed : [] };
  }
  const status = await sqliteMigrationStatus(migrations);
  const executed = status.applied.map(({ id }) => id);
  const failed = status.failed.map(failure);
  const { pending, renamed, removed } = status;
  const registered = inOrder([...executed, ...failed.map(({ name }) => name), ...pending]);
  return { owner: "runtime", database, registered, executed, pending, failed, renamed, removed };
}

function failure({ id, error }: { readonly id: string; readonly error: string | null }) {
  return { name: id, error: error ?? "unknown" };
}

/** Names are those of the files, in any language, and those that the app recorded. */
async function viewOfApp({ database, directory }: Migrations) {
  const { executed, failed } = existsSync(database)
    ? appMigrationStatus(database)
    : { executed: [], failed: [] };
  const files = (await readdir(directory).catch(noneIfMissing)) ?? [];
  const inFolder = inOrder(files.flatMap((it) => /^(\d+[_-][^.]+)\.\w+$/.exec(it)?.[1] ?? []));
  const ran = [...executed, ...failed.map(({ name }) => name)];
  const pending = inFolder.filter((name) => !ran.includes(name));
  return { inFolder, registered: inOrder([...inFolder, ...ran]), executed, pending, failed };
}

function inOrder(names: readonly string[]): string[] {
  return [...new Set(names)].toSorted((a, b) => (a < b ? -1 : 1));
}
