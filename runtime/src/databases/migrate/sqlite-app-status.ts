import { DatabaseSync } from "node:sqlite";

/** What an app recorded of the migrations that it runs by itself. */
export interface AppMigrationStatus {
  readonly executed: readonly string[];
  readonly failed: readonly { readonly name: string; readonly error: string }[];
}

/**
 * Reads the app's own table of migrations, `migration_log(name, success, error_message)`: it is
 * never written, because two owners of one database's migrations would each undo the other's.
 *
 * A database without the table has run none.
 */
export function appMigrationStatus(path: string): AppMigrationStatus {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const rows = hasTable(database)
      ? database.prepare("SELECT name, success, error_message FROM migration_log ORDER BY id").all()
      : [];
    return {
      executed: rows.filter((row) => row["success"] === 1).map((row) => String(row["name"])),
      failed: rows
        .filter((row) => row["success"] !== 1)
        .map((row) => ({
          name: String(row["name"]),
          error: String(row["error_message"] ?? "unknown"),
        })),
    };
  } finally {
    database.close();
  }
}

function hasTable(database: DatabaseSync): boolean {
  const query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'migration_log'";
  return database.prepare(query).get() !== undefined;
}
