import type { Row, SqlDatabase, SqlValue } from "../databases/sql-database.ts";
import {
  type Lease,
  type LeaseRequest,
  type LeaseStore,
  pollForLease,
  renewLease,
  type SlotLease,
  SLOTS_REMEMBERED,
} from "./leases.ts";
import { isGone, ownIdentity } from "./process-identity.ts";

/**
 * What the two dialects do in their own way. Parameters of the statements are $1 name and $2 slot,
 * then $3 fence or what the statement lists, then `clock`.
 */
interface Dialect {
  /** The relation that the DDL creates last. */
  readonly relation: string;
  readonly ddl: string;
  /** The slot of a job's own lease: no slot of a schedule equals it. */
  readonly noSlot: string;
  readonly read: string;
  /**
   * $3 holder, $4 TTL in ms, $5 to $8 identity of the process, $9 fence of the row that was read.
   * Returns the new fence, or no row when another process changed the row since.
   */
  readonly take: string;
  readonly renew: string;
  readonly release: string;
  readonly finish: string;
  /** Deletes slots that nobody can claim any more. */
  readonly forget: string;
  /** The last parameters of `take` and `renew`, where the database's own clock does not count. */
  clock(): SqlValue[];
  /** Time until a held lease expires; 0 or less when it has expired or was released. */
  restMs(row: Row): number;
}

const IDENTITY = "boot_id, pid_namespace, pid, start_ticks";

/** The oldest finished slot that is remembered, once there are so many. */
const floorOf = (finishedSlots: string): string =>
  `(SELECT slot FROM ${finishedSlots} ORDER BY slot DESC LIMIT 1 OFFSET ${SLOTS_REMEMBERED - 1})`;

/** A new holder replaces all of the former one's row. */
const replaced = (columns: string): string =>
  columns.replaceAll(/\w+/g, (column) => `${column} = excluded.${column}`);

const SQLITE_COLUMNS = `holder, ttl_ms, ${IDENTITY}, fence, state, since_ms, renewed_ms, renewed_at_ms`;
const SQLITE_FLOOR = floorOf("opspec_leases WHERE name = $1 AND slot <> '' AND state = 'finished'");
const SQLITE_OWN = "name = $1 AND slot = $2 AND fence = $3 AND state = 'held' RETURNING fence";

/**
 * Rows of SQLite. `slot` is empty for the lease of a job, else ISO 8601.
 *
 * `renewed_ms` is the monotonic clock since boot, so no change of a wall clock ends or prolongs a
 * lease. A row of another boot is expired: the journals of a file serve one running kernel only.
 * `since_ms` is for messages, and `renewed_at_ms` for older versions. Fences are at least the time in
 * ms, so that they grow also when the file was lost.
 */
export const SQLITE_LEASES: Dialect = {
  relation: "opspec_leases_by_fence",
  ddl: `
    CREATE TABLE IF NOT EXISTS opspec_leases (
      name TEXT NOT NULL,
      slot TEXT NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('held', 'free', 'finished')),
      fence INTEGER NOT NULL,
      holder TEXT NOT NULL,
      since_ms INTEGER NOT NULL,
      ttl_ms INTEGER NOT NULL,
      renewed_ms INTEGER NOT NULL,
      renewed_at_ms INTEGER NOT NULL,
      boot_id TEXT,
      pid_namespace TEXT,
      pid INTEGER,
      start_ticks TEXT,
      PRIMARY KEY (name, slot)
    ) STRICT;
    CREATE INDEX IF NOT EXISTS opspec_leases_by_fence ON opspec_leases (fence);`,
  noSlot: "",
  read: `
    SELECT *, state = 'finished' AS is_finished FROM opspec_leases WHERE name = $1 AND slot = $2`,
  take: `
    INSERT INTO opspec_leases (name, slot, ${SQLITE_COLUMNS})
    SELECT $1, $2, $3, $4, $5, $6, $7, $8,
      max($11, (SELECT coalesce(max(fence), 0) + 1 FROM opspec_leases)), 'held', $11, $10, $11
    WHERE $2 = '' OR coalesce($2 >= ${SQLITE_FLOOR}, true)
    ON CONFLICT (name, slot) DO UPDATE SET ${replaced(SQLITE_COLUMNS)}
      WHERE opspec_leases.fence = $9 AND opspec_leases.state <> 'finished'
    RETURNING fence`,
  renew: `UPDATE opspec_leases SET renewed_ms = $4, renewed_at_ms = $5 WHERE ${SQLITE_OWN}`,
  release: `UPDATE opspec_leases SET state = 'free' WHERE ${SQLITE_OWN}`,
  finish: `UPDATE opspec_leases SET state = 'finished' WHERE ${SQLITE_OWN}`,
  forget: `DELETE FROM opspec_leases WHERE name = $1 AND slot <> '' AND slot < ${SQLITE_FLOOR}`,
  clock: () => [uptimeMs(), Date.now()],
  restMs: (row) => {
    const isOfBoot = textOf(row["boot_id"]) === ownIdentity()?.bootId;
    const ageMs = uptimeMs() - Number(row["renewed_ms"]);
    if (row["state"] !== "held" || !isOfBoot || ageMs < 0) return 0;
    return Number(row["ttl_ms"]) - ageMs;
  },
};

const POSTGRES_COLUMNS = `holder, ttl_ms, ${IDENTITY}, fence, since, expires_at`;
const POSTGRES_FLOOR = floorOf("opspec.opspec_slots WHERE job = $1 AND finished_at IS NOT NULL");
const POSTGRES_OWN =
  "job = $1 AND slot = $2::timestamptz AND fence = $3::bigint AND finished_at IS NULL RETURNING fence";
const LATER = (ms: string): string => `clock_timestamp() + ${ms} * interval '1 millisecond'`;

/**
 * Rows of Postgres. `slot` is `-infinity` for the lease of a job. Times are the database's, so that
 * the clocks of processes do not matter. Tables of older versions lack the columns that are added.
 */
const POSTGRES_LEASES: Dialect = {
  relation: "opspec_slots_finished",
  ddl: `
    CREATE SEQUENCE IF NOT EXISTS opspec.opspec_fences;
    CREATE TABLE IF NOT EXISTS opspec.opspec_slots (
      job text NOT NULL,
      slot timestamptz NOT NULL,
      holder text NOT NULL,
      fence bigint NOT NULL,
      expires_at timestamptz NOT NULL,
      finished_at timestamptz,
      PRIMARY KEY (job, slot)
    );
    ALTER TABLE opspec.opspec_slots
      ADD COLUMN IF NOT EXISTS since timestamptz,
      ADD COLUMN IF NOT EXISTS ttl_ms bigint,
      ADD COLUMN IF NOT EXISTS boot_id text,
      ADD COLUMN IF NOT EXISTS pid_namespace text,
      ADD COLUMN IF NOT EXISTS pid bigint,
      ADD COLUMN IF NOT EXISTS start_ticks text;
    CREATE INDEX IF NOT EXISTS opspec_slots_finished
      ON opspec.opspec_slots (job, slot) WHERE finished_at IS NOT NULL;`,
  noSlot: "-infinity",
  read: `
    SELECT fence, holder, ${IDENTITY}, finished_at IS NOT NULL AS is_finished,
      extract(epoch FROM since) * 1000 AS since_ms,
      extract(epoch FROM expires_at - clock_timestamp()) * 1000 AS rest_ms
    FROM opspec.opspec_slots WHERE job = $1 AND slot = $2::timestamptz`,
  take: `
    INSERT INTO opspec.opspec_slots (job, slot, ${POSTGRES_COLUMNS})
    SELECT $1, $2::timestamptz, $3, $4::bigint, $5, $6, $7::bigint, $8,
      nextval('opspec.opspec_fences'), clock_timestamp(), ${LATER("$4::bigint")}
    WHERE $2::timestamptz = '-infinity' OR coalesce($2::timestamptz >= ${POSTGRES_FLOOR}, true)
    ON CONFLICT (job, slot) DO UPDATE SET ${replaced(POSTGRES_COLUMNS)}
      WHERE opspec_slots.fence = $9::bigint AND opspec_slots.finished_at IS NULL
    RETURNING fence`,
  renew: `UPDATE opspec.opspec_slots SET expires_at = ${LATER("ttl_ms")} WHERE ${POSTGRES_OWN}`,
  release: `UPDATE opspec.opspec_slots SET expires_at = clock_timestamp() WHERE ${POSTGRES_OWN}`,
  finish: `UPDATE opspec.opspec_slots SET finished_at = clock_timestamp() WHERE ${POSTGRES_OWN}`,
  forget: `
    DELETE FROM opspec.opspec_slots
    WHERE job = $1 AND slot > '-infinity' AND slot < ${POSTGRES_FLOOR}`,
  clock: () => [],
  restMs: (row) => Number(row["rest_ms"]),
};

/**
 * Leases in a SQLite file, for the processes of one machine, or in a Postgres. The caller closes the
 * database.
 *
 * A lease is a row with an expiry and the identity of its process, so that other processes of the
 * same machine take over the lease of a dead one at once. All others wait for the expiry.
 */
export function openSqlLeases(database: SqlDatabase): LeaseStore {
  const dialect = database.dialect === "sqlite" ? SQLITE_LEASES : POSTGRES_LEASES;
  const store = { database, dialect };
  const acquire = async (request: LeaseRequest, slot: string): Promise<SlotLease | undefined> => {
    const held = await hold(store, request, slot);
    return "lease" in held ? held.lease : undefined;
  };
  return {
    acquire: (request) => acquire(request, dialect.noSlot),
    claimSlot: (request, slot) => acquire(request, slot.toISOString()),
    waitFor: (request, signal) => {
      let holder: Row | undefined;
      const attempt = async (): Promise<Lease | undefined> => {
        const held = await hold(store, request, dialect.noSlot);
        if ("lease" in held) return held.lease;
        holder = held.holder;
        return undefined;
      };
      const hasEnded = () => holder !== undefined && isHolderGone(holder);
      return pollForLease(attempt, signal, hasEnded);
    },
    holderOf: async (name) => {
      const row = await read(store, name, dialect.noSlot);
      if (!row || !isHeld(dialect, row)) return undefined;
      return { holder: String(row["holder"]), sinceMs: Number(row["since_ms"]) };
    },
    close: async () => {},
  };
}

interface Store {
  readonly database: SqlDatabase;
  readonly dialect: Dialect;
}

async function read(
  { database, dialect }: Store,
  name: string,
  slot: string,
): Promise<Row | undefined> {
  await database.ensure(dialect.relation, dialect.ddl);
  const [row] = await database.query("read a lease", dialect.read, [name, slot]);
  return row;
}

/** The lease, or the row of its holder. */
async function hold(
  store: Store,
  { name, holder, ttlMs }: LeaseRequest,
  slot: string,
): Promise<{ readonly lease: SlotLease } | { readonly holder: Row | undefined }> {
  const { database, dialect } = store;
  // Most attempts find a holder, and a read needs no write lock.
  const before = await read(store, name, slot);
  if (before && (before["is_finished"] || isHeld(dialect, before))) return { holder: before };
  const sentAtMs = performance.now();
  const own = ownIdentity();
  const identity = [own?.bootId, own?.pidNamespace, own?.pid, own?.startTicks];
  const row = [name, slot, holder, Math.ceil(ttlMs), ...identity.map((it) => it ?? null)];
  const seen = before ? Number(before["fence"]) : null;
  const values = [...row, seen, ...dialect.clock()];
  const [taken] = await database.query("take a lease", dialect.take, values);
  if (!taken) return { holder: undefined };
  const fence = Number(taken["fence"]);
  const update = async (verb: string, text: string, more: SqlValue[] = []) =>
    (await database.query(verb, text, [name, slot, fence, ...more])).length > 0;
  const renew = () => update("renew a lease", dialect.renew, dialect.clock());
  const kept = renewLease({ ttlMs, sentAtMs, renew });
  const release = async (): Promise<void> => {
    kept.stop();
    if (!kept.lost.aborted) await update("release a lease", dialect.release);
  };
  const finish = async (): Promise<boolean> => {
    kept.stop();
    if (kept.lost.aborted || !(await update("finish a slot", dialect.finish))) return false;
    // The slot is finished; the next run forgets what this one could not.
    await database.query("forget old slots", dialect.forget, [name]).catch(() => {});
    return true;
  };
  return { lease: { fence, lost: kept.lost, release, finish } };
}

function isHeld({ restMs }: Dialect, row: Row): boolean {
  return restMs(row) > 0 && !isHolderGone(row);
}

function isHolderGone(row: Row): boolean {
  const own = ownIdentity();
  const bootId = textOf(row["boot_id"]);
  const pidNamespace = textOf(row["pid_namespace"]);
  const startTicks = textOf(row["start_ticks"]);
  if (!own || !bootId || !pidNamespace || !startTicks) return false;
  return isGone({ pid: Number(row["pid"]), startTicks, bootId, pidNamespace }, own);
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** CLOCK_MONOTONIC, which all processes of a machine share. */
function uptimeMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}
