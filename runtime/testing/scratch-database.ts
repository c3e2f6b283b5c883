import type { Env } from "../src/contract/env.ts";
import type { ManifestStores } from "../src/contract/store.ts";
import type { SqlDatabase } from "../src/databases/sql-database.ts";
import { openState, type StateStore } from "../src/state/state-store.ts";
import { NO_LOG } from "./no-log.ts";

/** The database of a process. The first use opens it, so no `await` is needed. */
export function scratchDatabase(
  stores: ManifestStores | undefined,
  { env, directory }: { readonly env: Env; readonly directory: string },
): SqlDatabase {
  const kind = stores?.records?.kind;
  const manifest = { system: "shop", stack: "shop", ...(stores && { stores }) };
  let opened: Promise<StateStore> | undefined;
  const open = async (): Promise<SqlDatabase> => {
    opened ??= openState(manifest, { env, directory, log: NO_LOG });
    // After a failure the next use opens the store again.
    opened.catch(() => (opened = undefined));
    return (await opened).database;
  };
  return {
    dialect: kind === "postgres" ? "postgres" : "sqlite",
    where: "scratch",
    isKept: kind !== undefined,
    ensure: async (relation, ddl) => (await open()).ensure(relation, ddl),
    query: async (verb, text, values) => (await open()).query(verb, text, values),
    transaction: async (verb, work) => (await open()).transaction(verb, work),
    close: async () => (await opened)?.close(),
  };
}
