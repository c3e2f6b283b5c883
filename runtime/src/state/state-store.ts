import { resolve } from "node:path";
import type { Logger } from "pino";
import type { Env } from "../contract/env.ts";
import { type RuntimeManifest, stackNamespace } from "../contract/manifest.ts";
import type { RecordStore } from "../contract/run-record.ts";
import { type ManifestStores, stateDatabase } from "../contract/store.ts";
import { type SqlDatabase, StoreError } from "../databases/sql-database.ts";
import { MEMORY, openSqlite } from "../databases/sqlite-database.ts";
import { type JobMemory, openDocument, openJobMemory } from "./documents.ts";
import type { LeaseStore } from "./leases.ts";
import { openRecords } from "./records.ts";

/** Records of one job that are kept where the manifest does not say. */
const KEEP_RECORDS = 500;

/**
 * Failures of a SQLite file that stop no start: an app must start on a disk that is full or read-only,
 * and a damaged file is replaced by the next statement. Any other one is a mistake in the path or in
 * its permissions.
 */
const TRANSIENT: ReadonlySet<string> = new Set([
  "ENOSPC",
  "EROFS",
  "SQLITE_BUSY",
  "SQLITE_CORRUPT",
  "SQLITE_FULL",
  "SQLITE_IOERR",
  "SQLITE_NOTADB",
  "SQLITE_READONLY",
]);

type LeasePlace = NonNullable<ManifestStores["coordination"]>;
type DatabasePlace = ReturnType<typeof stateDatabase>;

/** What a process remembers and what it shares with the other processes of its stack. */
export interface StateStore {
  /** For rows of other modules, such as those of alerts. */
  readonly database: SqlDatabase;
  readonly records: RecordStore;
  /** Undefined where the manifest names no store for coordination. */
  readonly leases: LeaseStore | undefined;
  /** The store of a job that names its own. Each store is opened once. */
  leasesIn(place: LeasePlace): Promise<LeaseStore>;
  /** Undefined where the state ends with the process. */
  readonly jobMemory: JobMemory | undefined;
  close(): Promise<void>;
}

/** Options of a state store. */
export interface StateOptions {
  readonly env: Env;
  /** Where relative paths begin. */
  readonly directory: string;
  readonly log: Pick<Logger, "info" | "warn" | "error">;
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
  const databases = openedOnce((place: DatabasePlace) => openDatabaseAt(place, options));
  const leaseStores = openedOnce((place: LeasePlace) => openLeases(place, options, databases.open));
  const database = await databases.open(stateDatabase(stores));
  const memory = openDocument(database, { stack, name: "job-memory" });
  return {
    database,
    records: openRecords(database, {
      namespace: database.dialect === "sqlite" ? "" : stack,
      stack,
      keepRecords: stores?.keepRecords ?? KEEP_RECORDS,
    }),
    leases: stores?.coordination && (await leaseStores.open(stores.coordination)),
    leasesIn: leaseStores.open,
    jobMemory: database.isKept ? openJobMemory(memory) : undefined,
    close: async () => {
      await leaseStores.close();
      await databases.close();
    },
  };
}

/** Opens each place once, because records and leases are often in the same one. */
function openedOnce<Place, Opened extends { close(): Promise<void> }>(
  open: (place: Place) => Promise<Opened>,
): { open(place: Place): Promise<Opened>; close(): Promise<void> } {
  const opened = new Map<string, Promise<Opened>>();
  return {
    open: (place) => {
      const key = JSON.stringify(place ?? MEMORY);
      const known = opened.get(key) ?? open(place);
      opened.set(key, known);
      // A place that cannot be opened is opened again by the next use.
      known.catch(() => opened.delete(key));
      return known;
    },
    close: async () => {
      await Promise.allSettled([...opened.values()].map(async (it) => (await it).close()));
    },
  };
}

async function openLeases(
  place: LeasePlace,
  { env }: StateOptions,
  open: (place: DatabasePlace) => Promise<SqlDatabase>,
): Promise<LeaseStore> {
  if (place.kind === "redis") {
    const { openRedisLeases } = await import("./redis-leases.ts");
    return await openRedisLeases(place.urlEnv, env);
  }
  const { openSqlLeases } = await import("./sql-leases.ts");
  return openSqlLeases(await open(place));
}

async function openDatabaseAt(
  place: DatabasePlace,
  { env, directory, log }: StateOptions,
): Promise<SqlDatabase> {
  if (place === undefined) return openSqlite(MEMORY);
  if (place.kind === "postgres") {
    const { openDatabase } = await import("../databases/postgres.ts");
    return await openDatabase(place.urlEnv, env);
  }
  const path = resolve(directory, place.path);
  const { importOldFiles } = await import("./old-files.ts");
  await importOldFiles(path, log);
  const onDamaged = (renamed: string): void =>
    log.error(
      { file: path, renamed },
      "the state file is damaged: it was renamed, and state begins anew",
    );
  const database = openSqlite(path, { onDamaged });
  await database.query("open the state store", "SELECT 1").catch((error: unknown) => {
    if (!(error instanceof StoreError) || !TRANSIENT.has(error.code ?? "")) throw error;
    log.error({ err: error }, "the state store cannot be opened yet");
  });
  return database;
}
