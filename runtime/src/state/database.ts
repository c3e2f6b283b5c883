import { dirname, join, resolve } from "node:path";
import type { Env } from "../contract/env.ts";
import type { ManifestStores } from "../contract/store.ts";
import type { SqlDatabase } from "../databases/sql-database.ts";
import { MEMORY, openSqlite } from "../databases/sqlite-database.ts";

/**
 * The database in which a process keeps its state: where the manifest keeps run records, else where
 * its processes coordinate, else memory.
 *
 * @param directory where relative paths begin
 */
export async function openStateDatabase(
  stores: Pick<ManifestStores, "records" | "coordination"> | undefined,
  env: Env,
  directory: string,
): Promise<SqlDatabase> {
  const { records, coordination } = stores ?? {};
  const store = records ?? (coordination?.kind === "redis" ? undefined : coordination);
  switch (store?.kind) {
    case "postgres": {
      const { openDatabase } = await import("../databases/postgres/database.ts");
      return await openDatabase(store.urlEnv, env);
    }
    case "sqlite":
      return openSqlite(resolve(directory, store.path));
    case "file":
      return openSqlite(join(dirname(resolve(directory, store.path)), "state.db"));
    case "redis":
    case undefined:
      return openSqlite(MEMORY);
  }
}
