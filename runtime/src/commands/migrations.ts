import { parseArgs } from "node:util";
import { EXIT } from "../contract/exit-code.ts";
import { createLogger } from "../log.ts";
import {
  executableRunner,
  markSqliteMigration,
  MigrationOrderError,
  type Migrations,
  retrySqliteMigration,
  runSqliteMigrations,
  sqliteMigrationStatus,
} from "../databases/migrate/sqlite.ts";
import { appMigrationStatus } from "../databases/migrate/sqlite-journal.ts";
import type { Env } from "../contract/env.ts";
import { readArguments, type RuntimeCommand, UsageError, usageLine } from "./command.ts";

/** Grace period of an executable migration, in ms. */
const GRACE_MS = 30_000;

/** Shows and runs the migrations of a SQLite file, and repairs a failed one. */
export const migrations: RuntimeCommand = {
  name: "migrations",
  usage:
    "status|run|mark <id>|retry <id> --database <file> [--directory <folder>] [--by <who> --confirm <id>]",
  summary:
    "shows, runs and repairs the migrations of a SQLite file; without a folder, shows only what the app recorded",
  async run(args, env) {
    const { action, id, database, directory, by, confirm } = orderOf(args);
    if (directory === undefined) return print(appMigrationStatus(database));
    const place = migrationsOf(database, directory, env);
    if (action === "status") return print(await sqliteMigrationStatus(place));
    if (action === "run") {
      const run = await runSqliteMigrations(place);
      print(run);
      return run.failed ? EXIT.failed : EXIT.ok;
    }
    const carryOut = action === "mark" ? markSqliteMigration : retrySqliteMigration;
    await carryOut(place, { id: id ?? "", by: by ?? "", confirm: confirm ?? "" }).catch(asTyped);
    return print(await sqliteMigrationStatus(place));
  },
};

/** Executable migrations get the path of the database in OPSPEC_SQLITE. */
function migrationsOf(database: string, directory: string, env: Env): Migrations {
  const log = createLogger({ manifest: undefined, env, name: "migrations" });
  const place = { cwd: process.cwd(), env, log, graceMs: GRACE_MS };
  return { database, directory, runCommand: executableRunner(database, place) };
}

function orderOf(args: readonly string[]) {
  const { values, positionals } = readArguments(migrations, () =>
    parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        database: { type: "string" },
        directory: { type: "string" },
        by: { type: "string" },
        confirm: { type: "string" },
      },
    }),
  );
  const [action = "", id] = positionals;
  const { database, directory } = values;
  const isOrder = action === "mark" || action === "retry";
  const isKnown = isOrder || action === "status" || (action === "run" && directory !== undefined);
  const isComplete =
    !isOrder || (id !== undefined && values.by !== undefined && directory !== undefined);
  if (!isKnown || !isComplete || database === undefined) {
    throw new UsageError(usageLine(migrations));
  }
  return { ...values, action, id, database, directory };
}

/** An order that does not fit the state of the migrations is a usage error. */
function asTyped(error: unknown): never {
  throw error instanceof MigrationOrderError ? new UsageError(error.message) : error;
}

function print(value: unknown): number {
  process.stdout.write(`${JSON.stringify(value)}\n`);
  return EXIT.ok;
}
