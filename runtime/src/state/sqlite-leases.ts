import type { Query, Row, SqlDatabase, SqlValue } from "../databases/sql-database.ts";
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

/** A waiter asks this often, so that the lease of a dead holder is taken over within 50 ms. */
const POLL_MS = 25;

/**
 * One row for each lease and slot. `slot` is empty for a lease, else the slot in ISO 8601.
 *
 * The identity of the holder tells other processes of the machine that it has ended. `renewed_ms` is
 * the monotonic clock since boot, so a change of the wall clock neither ends nor prolongs a lease;
 * `renewed_at_ms` is the wall clock, which counts only for a row that was written before a reboot.
 */
export const LEASES_DDL = `
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
  CREATE TABLE IF NOT EXISTS opspec_fences (
    id INTEGER PRIMARY KEY CHECK (id = 1), fence INTEGER NOT NULL
  ) STRICT;`;

const READ = "SELECT * FROM opspec_leases WHERE name = $1 AND slot = $2";

/** The oldest finished slot that is remembered, once there are so many. */
const FLOOR = `
  SELECT slot FROM opspec_leases WHERE name = $1 AND slot <> '' AND state = 'finished'
  ORDER BY slot DESC LIMIT 1 OFFSET ${SLOTS_REMEMBERED - 1}`;

/** At least the time in milliseconds, so that fences go on growing when the file was lost. */
const NEXT_FENCE = `
  INSERT INTO opspec_fences (id, fence) VALUES (1, $1)
  ON CONFLICT (id) DO UPDATE SET fence = max(fence + 1, excluded.fence) RETURNING fence`;

const TAKE = `
  INSERT INTO opspec_leases (name, slot, state, fence, holder, since_ms, ttl_ms, renewed_ms,
    renewed_at_ms, boot_id, pid_namespace, pid, start_ticks)
  VALUES ($1, $2, 'held', $3, $4, $5, $6, $7, $5, $8, $9, $10, $11)
  ON CONFLICT (name, slot) DO UPDATE SET state = 'held', fence = excluded.fence,
    holder = excluded.holder, since_ms = excluded.since_ms, ttl_ms = excluded.ttl_ms,
    renewed_ms = excluded.renewed_ms, renewed_at_ms = excluded.renewed_at_ms,
    boot_id = excluded.boot_id, pid_namespace = excluded.pid_namespace, pid = excluded.pid,
    start_ticks = excluded.start_ticks`;

const RENEW = `
  UPDATE opspec_leases SET renewed_ms = $4, renewed_at_ms = $5
  WHERE name = $1 AND slot = $2 AND fence = $3 AND state = 'held' RETURNING fence`;

const END = `
  UPDATE opspec_leases SET state = $4
  WHERE name = $1 AND slot = $2 AND fence = $3 AND state = 'held' RETURNING fence`;

const FORGET = `DELETE FROM opspec_leases WHERE name = $1 AND slot <> '' AND slot < (${FLOOR})`;

/** Leases in a SQLite file, for the processes of one machine. The caller closes the database. */
export function openSqliteLeases(database: SqlDatabase): LeaseStore {
  const acquire = async (request: LeaseRequest): Promise<Lease | undefined> =>
    (await hold(database, request, ""))?.lease;
  return {
    acquire,
    waitFor: (request, signal) => pollForLease(() => acquire(request), { signal, pollMs: POLL_MS }),
    claimSlot: (request, slot) => claimSlot(database, request, slot),
    holderOf: async (name) => {
      await database.ensure("opspec_leases", LEASES_DDL);
      const [row] = await database.query("read a lease", READ, [name, ""]);
      if (!row || !isHeld(row)) return undefined;
      return { holder: String(row["holder"]), sinceMs: Number(row["since_ms"]) };
    },
    close: async () => {},
  };
}

async function claimSlot(
  database: SqlDatabase,
  request: LeaseRequest,
  slot: Date,
): Promise<SlotLease | undefined> {
  const held = await hold(database, request, slot.toISOString());
  if (!held) return undefined;
  const { lease, end } = held;
  return {
    ...lease,
    finish: async () => {
      if (lease.lost.aborted || !(await end("finished"))) return false;
      await database.query("forget old slots", FORGET, [request.name]);
      return true;
    },
  };
}

interface HeldLease {
  readonly lease: Lease;
  /** False when another process took it over. */
  readonly end: (state: "free" | "finished") => Promise<boolean>;
}

async function hold(
  database: SqlDatabase,
  request: LeaseRequest,
  slot: string,
): Promise<HeldLease | undefined> {
  const { name, ttlMs } = request;
  const sentAtMs = performance.now();
  await database.ensure("opspec_leases", LEASES_DDL);
  // Most attempts find a holder, and a read needs no write lock.
  const [before] = await database.query("read a lease", READ, [name, slot]);
  if (before && isTaken(before)) return undefined;
  const fence = await database.transaction("take a lease", (query) => take(query, request, slot));
  if (fence === undefined) return undefined;
  const own = [name, slot, fence];
  const update = async (verb: string, text: string, values: readonly SqlValue[]) =>
    (await database.query(verb, text, [...own, ...values])).length > 0;
  const kept = renewLease({
    ttlMs,
    sentAtMs,
    renew: () => update("renew a lease", RENEW, [uptimeMs(), Date.now()]),
  });
  const end: HeldLease["end"] = async (state) => {
    kept.stop();
    return await update("end a lease", END, [state]);
  };
  const release = async (): Promise<void> => {
    if (!kept.lost.aborted) await end("free");
  };
  return { lease: { fence, lost: kept.lost, release }, end };
}

/** Returns the fence, or undefined when another process holds it. */
async function take(
  query: Query,
  { name, holder, ttlMs }: LeaseRequest,
  slot: string,
): Promise<number | undefined> {
  const verb = "take a lease";
  const [row] = await query(verb, READ, [name, slot]);
  if (row && isTaken(row)) return undefined;
  const [floor] = slot === "" ? [] : await query(verb, FLOOR, [name]);
  if (floor && slot < String(floor["slot"])) return undefined;
  const now = Date.now();
  const [next] = await query(verb, NEXT_FENCE, [now]);
  const fence = Number(next?.["fence"]);
  const own = ownIdentity();
  const identity = [own?.bootId, own?.pidNamespace, own?.pid, own?.startTicks];
  const values = [name, slot, fence, holder, now, Math.ceil(ttlMs), uptimeMs()];
  await query(verb, TAKE, [...values, ...identity.map((it) => it ?? null)]);
  return fence;
}

function isTaken(row: Row): boolean {
  return row["state"] === "finished" || isHeld(row);
}

function isHeld(row: Row): boolean {
  if (row["state"] !== "held") return false;
  const own = ownIdentity();
  const bootId = textOf(row["boot_id"]);
  const ttlMs = Number(row["ttl_ms"]);
  if (bootId !== own?.bootId) {
    // The monotonic clock starts again at each boot. A wall clock that was set back ends the lease.
    const ageMs = Date.now() - Number(row["renewed_at_ms"]);
    return ageMs >= 0 && ageMs < ttlMs;
  }
  if (uptimeMs() - Number(row["renewed_ms"]) >= ttlMs) return false;
  const pidNamespace = textOf(row["pid_namespace"]);
  const startTicks = textOf(row["start_ticks"]);
  if (!own || !bootId || !pidNamespace || !startTicks) return true;
  return !isGone({ pid: Number(row["pid"]), startTicks, bootId, pidNamespace }, own);
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** CLOCK_MONOTONIC, which all processes of a machine share. */
function uptimeMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}
