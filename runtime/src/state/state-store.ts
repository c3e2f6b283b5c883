import { resolve } from "node:path";
import type { Logger } from "pino";
import type { Env } from "../contract/env.ts";
import { type RuntimeManifest, stackNamespace } from "../contract/manifest.ts";
import type { RecordStore } from "../contract/run-record.ts";
import { type ManifestStores, stateDatabase } from "../contract/store.ts";
import type { SqlDatabase } from "../databases/sql-database.ts";
import { MEMORY, openSqlite } from "../databases/sqlite-database.ts";
import { StoreError } from "../databases/store-error.ts";
import { type Document, type JobMemory, openDocument, openJobMemory } from "./documents.ts";
import type { LeaseStore } from "./leases.ts";
import { openRecords } from "./records.ts";

/** Records of one job that are kept where the manifest does not say. */
const KEEP_RECORDS = 500;

/**
 * Failures of a SQLite file that stop no start, because an app must start on a full disk too. Any
 * other one is a mistake in the path or in its permissions.
 */
const TRANSIENT: ReadonlySet<string> = new Set([
  "ENOSPC",
  "SQLITE_BUSY",
  "SQLITE_FULL",
  "SQLITE_IOERR",
]);

type LeasePlace = NonNullable<ManifestStores["coordination"]>;

/** What a process remembers and what it shares with the other processes of its stack. */
export interface StateStore {
  /** For rows of other modules, such as those of alerts. */
  readonly database: SqlDatabase;
  readonly records: RecordStore;
  /** Undefined where the manifest names no store for coordination. */
  readonly leases: LeaseStore | undefined;
  /** The store of a job that names its own. Each store is opened once. */
  leasesIn(place: LeasePlace): Promise<LeaseStore>;
  document(name: string): Document;
  /** Undefined where the state ends with the process. */
  readonly jobMemory: JobMemory | undefined;
  close(): Promise<void>;
}

/** Options of a state store. */
export interface StateOptions {
  readonly env: Env;
  /** Where relative paths begin. */
  readonly directory: string;
  readonly log: Pick<Logger, "info" | "error">;
}

/**
 * Opens the state store of a process. A server is connected by its first use, so one that is away
 * stops only what needs it.
 *
 * Run records, documents and alerts are in the database of the manifest's `records`, else of its
 * `coordination`, else in memory. Leases are where `coordination` says.
 */
export async function openState(
  manifest: Pick<RuntimeManifest, "system" | "stack" | "stores">,
  options: StateOptions,
): Promise<StateStore> {
  const { stores } = manifest;
  const stack = stackNamespace(manifest);
  const { open, close } = databases(options);
  const leaseStores = new Map<string, Promise<LeaseStore>>();
  const leasesIn = (place: LeasePlace): Promise<LeaseStore> => {
    const key = JSON.stringify(place);
    const known = leaseStores.get(key) ?? openLeases(place, options.env, open);
    leaseStores.set(key, known);
    // A store that cannot be opened is opened again by the next run.
    known.catch(() => leaseStores.delete(key));
    return known;
  };
  const database = await open(stateDatabase(stores));
  const document = (name: string): Document => openDocument(database, { stack, name });
  return {
    database,
    records: openRecords(database, {
      namespace: database.dialect === "sqlite" ? "" : stack,
      keepRecords: stores?.keepRecords ?? KEEP_RECORDS,
    }),
    leases: stores?.coordination && (await leasesIn(stores.coordination)),
    leasesIn,
    document,
    jobMemory: database.isKept ? openJobMemory(document("job-memory")) : undefined,
    close: async () => {
      const opened = await Promise.allSettled(leaseStores.values());
      await Promise.allSettled(
        opened.map((it) => (it.status === "fulfilled" ? it.value.close() : undefined)),
      );
      await close();
    },
  };
}

async function openLeases(
  place: LeasePlace,
  env: Env,
  open: (place: DatabasePlace) => Promise<SqlDatabase>,
): Promise<LeaseStore> {
  if (place.kind === "redis") {
    const { openRedisLeases } = await import("./redis-leases.ts");
    return await openRedisLeases(place.urlEnv, env);
  }
  const { openSqlLeases } = await import("./sql-leases.ts");
  return openSqlLeases(await open(place));
}

type DatabasePlace = ReturnType<typeof stateDatabase>;

/** The databases of a process, each opened once: records and leases are often in the same one. */
function databases({ env, directory, log }: StateOptions): {
  open(place: DatabasePlace): Promise<SqlDatabase>;
  close(): Promise<void>;
} {
  const opened = new Map<string, Promise<SqlDatabase>>();
  const openOnce = async (place: DatabasePlace): Promise<SqlDatabase> => {
    if (place === undefined) return openSqlite(MEMORY);
    if (place.kind === "postgres") {
      const { openDatabase } = await import("../databases/postgres/database.ts");
      return await openDatabase(place.urlEnv, env);
    }
    const path = resolve(directory, place.path);
    const { importOldFiles } = await import("./old-files.ts");
    await importOldFiles(path, log);
    const database = openSqlite(path);
    await database.query("open the state store", "SELECT 1").catch((error: unknown) => {
      if (!(error instanceof StoreError) || !TRANSIENT.has(error.code ?? "")) throw error;
      log.error({ err: error }, "the state store cannot be opened yet");
    });
    return database;
  };
  return {
    open: (place) => {
      const key = place === undefined ? MEMORY : JSON.stringify(place);
      const known = opened.get(key) ?? openOnce(place);
      opened.set(key, known);
      known.catch(() => opened.delete(key));
      return known;
    },
    close: async () => {
      const all = await Promise.allSettled(opened.values());
      await Promise.allSettled(
        all.map((it) => (it.status === "fulfilled" ? it.value.close() : undefined)),
      );
    },
  };
}
