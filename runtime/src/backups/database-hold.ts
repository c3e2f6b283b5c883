import { stat } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as wait } from "node:timers/promises";
import { errorCode } from "../contract/error-code.ts";
import { hasHeader, hasResultCode, isBusy, retryWhileBusy } from "../databases/sqlite.ts";
import { type Holder, holdersOf, holderText } from "./database-holder.ts";

/** How long others are waited for: a health check has the database for a moment, a stopped app lets go. */
const WAIT_MS = 5_000;

const LOOK_MS = 100;

/** SQLITE_CORRUPT and SQLITE_NOTADB. @see https://www.sqlite.org/rescode.html */
const UNUSABLE_CODES = new Set([11, 26]);

/** A database that nobody else can use until it is released. */
export type DatabaseHold =
  | { readonly state: "held"; readonly connection: DatabaseSync; release(): void }
  /** `unusable`: it is there and is no good database, so that there is nothing to lock. */
  | { readonly state: "missing" | "unusable"; release(): void };

interface Patience {
  readonly signal: AbortSignal;
  readonly waitMs: number;
}

/** Somebody else works with the database. */
export class DatabaseInUse extends Error {
  override readonly name = "DatabaseInUse";

  constructor(database: string, holders: readonly Holder[]) {
    const who = holders.length > 0 ? holderText(holders) : "another process or job";
    super(`${database}: ${who} has it open.`);
  }
}

/**
 * Takes a database for this process alone, or throws a DatabaseInUse.
 *
 * The lock is SQLite's exclusive one, kept without a transaction. In WAL mode every other connection,
 * also an idle one, keeps it from being taken. @see https://www.sqlite.org/pragma.html#pragma_locking_mode
 */
export async function holdDatabase(
  database: string,
  { signal, waitMs = WAIT_MS }: Pick<Patience, "signal"> & Partial<Patience>,
): Promise<DatabaseHold> {
  await untilNobodyHas(database, { signal, waitMs });
  const hold = await lockOf(database, { signal, waitMs });
  const holders = await holdersOf(database);
  if (holders.length === 0) return hold;
  hold.release();
  throw new DatabaseInUse(database, holders);
}

/** Before the lock is taken, so that an app that goes on is not kept waiting for nothing. */
async function untilNobodyHas(database: string, { signal, waitMs }: Patience): Promise<void> {
  const until = performance.now() + waitMs;
  for (;;) {
    const holders = await holdersOf(database);
    if (holders.length === 0) return;
    if (performance.now() >= until) throw new DatabaseInUse(database, holders);
    await wait(LOOK_MS, undefined, { signal });
  }
}

async function lockOf(database: string, patience: Patience): Promise<DatabaseHold> {
  const size = await sizeOf(database);
  if (size === undefined) return { state: "missing", release: nothing };
  // Opened as a database it would lose its log: what is beside it is kept with it.
  if (size > 0 && !(await hasHeader(database))) return { state: "unusable", release: nothing };
  try {
    const connection = await retryWhileBusy(() => openAlone(database), patience);
    return { state: "held", connection, release: () => connection.close() };
  } catch (error) {
    if (hasResultCode(error, UNUSABLE_CODES)) return { state: "unusable", release: nothing };
    if (isBusy(error)) throw new DatabaseInUse(database, await holdersOf(database));
    throw error;
  }
}

function nothing(): void {}

async function sizeOf(database: string): Promise<number | undefined> {
  try {
    return (await stat(database)).size;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** A connection that was refused once is not asked again: it has read half of what it needs. */
function openAlone(database: string): DatabaseSync {
  const connection = new DatabaseSync(database, { timeout: 0 });
  try {
    connection.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT");
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}
