import type { Env } from "../src/contract/env.ts";
import type { ManifestStores } from "../src/contract/store.ts";
import type { SqlDatabase } from "../src/databases/sql-database.ts";
import { openStateDatabase } from "../src/state/database.ts";

/** The database of a process, opened by its first use, so that opening it needs no `await`. */
export function scratchDatabase(
  stores: ManifestStores | undefined,
  { env, directory }: { readonly env: Env; readonly directory: string },
): SqlDatabase {
  const kind = stores?.records?.kind;
  let opened: Promise<SqlDatabase> | undefined;
  const open = () => (opened ??= openStateDatabase(stores, env, directory));
  return {
    dialect: kind === "postgres" ? "postgres" : "sqlite",
    where: "scratch",
    isKept: kind !== undefined && kind !== "redis",
    ensure: async (relation, ddl) => (await open()).ensure(relation, ddl),
    query: async (verb, text, values) => (await open()).query(verb, text, values),
    transaction: async (verb, work) => (await open()).transaction(verb, work),
    close: async () => (await opened)?.close(),
  };
}
