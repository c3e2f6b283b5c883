import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import type { Holder, Lease, LeaseRequest } from "../coordination.ts";
import type { Database } from "../../databases/postgres/database.ts";
import { openSession, type Session } from "../../databases/postgres/session.ts";
import { SCHEMA } from "../../databases/postgres/tables.ts";
import { StoreError } from "../stores/store-error.ts";
import { keepLease } from "./keep-alive.ts";
import { FENCES } from "./postgres-slots.ts";

const TABLE = `${SCHEMA}.opspec_leases`;

/** One row a name, never removed, so that fences go on. `session_pid` is the server process of the holder's session. */
export const LEASES_DDL = `
  CREATE TABLE IF NOT EXISTS ${TABLE} (
    name text PRIMARY KEY,
    holder text NOT NULL,
    fence bigint NOT NULL,
    session_pid int NOT NULL,
    since timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
  );
`;

/** Longest wait for the advisory lock in one go; then it is looked whether its holder was stopped or cut off. */
const SLICE_MAX_MS = 2_000;
const SLICE_MIN_MS = 50;

/** SQLSTATE of a wait that took longer than lock_timeout. @see https://www.postgresql.org/docs/current/errcodes-appendix.html */
const LOCK_NOT_AVAILABLE = "55P03";

/** How an advisory lock with a 64-bit key looks in pg_locks: its halves. */
const LOCKED_BY = `
  SELECT pid FROM pg_locks
  WHERE locktype = 'advisory' AND granted AND objsubid = 1
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (classid::bigint << 32) | objid::bigint = $2::bigint`;

/** Milliseconds for which the row is still held, by a session that still has the lock; else nothing. */
const HELD = `
  SELECT extract(epoch FROM expires_at - clock_timestamp()) * 1000 AS rest_ms
  FROM ${TABLE} WHERE name = $1 AND expires_at > clock_timestamp()
    AND session_pid IN (${LOCKED_BY})`;

/**
 * Ends the session of a holder whose time is over: it was stopped, or the network lost it, and its
 * lock would last until the server notices, which takes hours.
 */
const END_EXPIRED = `
  SELECT pg_terminate_backend(session_pid) FROM ${TABLE}
  WHERE name = $1 AND expires_at <= clock_timestamp() AND session_pid IN (${LOCKED_BY})`;

/** Only who has the advisory lock may do it: whoever wrote the row before has no session any more. */
const TAKE = `
  INSERT INTO ${TABLE} (name, holder, fence, session_pid, since, expires_at)
  VALUES ($1, $2, nextval('${FENCES}'), pg_backend_pid(), clock_timestamp(),
    clock_timestamp() + $3::float8 * interval '1 millisecond')
  ON CONFLICT (name) DO UPDATE
    SET holder = excluded.holder, fence = nextval('${FENCES}'), session_pid = excluded.session_pid,
      since = excluded.since, expires_at = excluded.expires_at
  RETURNING fence`;

/** A lease whose time is over stays over: its session may be ended at any moment. */
const RENEW = `
  UPDATE ${TABLE} SET expires_at = clock_timestamp() + $3::float8 * interval '1 millisecond'
  WHERE name = $1 AND fence = $2::bigint AND expires_at > clock_timestamp() RETURNING 1`;

const RELEASE = `
  UPDATE ${TABLE} SET expires_at = '-infinity' WHERE name = $1 AND fence = $2::bigint`;

const HOLDER = `
  SELECT holder, extract(epoch FROM since) * 1000 AS since_ms
  FROM ${TABLE} WHERE name = $1 AND expires_at > clock_timestamp()
    AND session_pid IN (${LOCKED_BY})`;

/**
 * The lease, if nobody has it.
 *
 * It is an advisory lock of a session and a row with an end. The lock is free as soon as the
 * holder's process is gone; the row's end is for holders that were stopped or cut off, whose
 * session goes on without them.
 */
export async function acquireLease(
  database: Database,
  request: LeaseRequest,
): Promise<Lease | undefined> {
  const { name } = request;
  const [held] = await database.query("look at a lease", HELD, [name, lockKey(name)]);
  if (held) return undefined;
  await endExpired(database, name);
  const session = await openSession(database.where, database.config);
  const [row] = await session
    .query("take a lock", "SELECT pg_try_advisory_lock($1) AS locked", { values: [lockKey(name)] })
    .catch(endingOf(session));
  if (row?.["locked"] === true) return await take(session, request);
  await session.end();
  return undefined;
}

/** The lease, as soon as it is free: Postgres wakes who waits for the lock of a session that ended. */
export async function waitForLease(
  database: Database,
  request: LeaseRequest,
  signal: AbortSignal,
): Promise<Lease> {
  signal.throwIfAborted();
  const session = await openSession(database.where, database.config);
  const stop = () => session.destroy();
  signal.addEventListener("abort", stop, { once: true });
  try {
    await untilLocked(database, session, request.name);
    return await take(session, request);
  } catch (error) {
    session.destroy();
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

async function untilLocked(database: Database, session: Session, name: string): Promise<void> {
  while (!(await isLocked(database, session, name)));
}

/** Waits for the lock until its holder's time is over, or a little. */
async function isLocked(database: Database, session: Session, name: string): Promise<boolean> {
  const key = lockKey(name);
  const [held] = await session.query("look at a lease", HELD, { values: [name, key] });
  const rest = Number(held?.["rest_ms"] ?? 0);
  const slice = Math.min(Math.max(rest + SLICE_MIN_MS, SLICE_MIN_MS), SLICE_MAX_MS);
  await session.query("set a time limit", "SELECT set_config('lock_timeout', $1, false)", {
    values: [`${Math.ceil(slice)}ms`],
  });
  try {
    const limitMs = slice + SLICE_MAX_MS;
    await session.query("take a lock", "SELECT pg_advisory_lock($1)", { values: [key], limitMs });
    return true;
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== LOCK_NOT_AVAILABLE) throw error;
    await endExpired(database, name);
    return false;
  }
}

/** Who holds it now. */
export async function leaseHolder(database: Database, name: string): Promise<Holder | undefined> {
  const [row] = await database.query("read a lease", HOLDER, [name, lockKey(name)]);
  return row && { holder: String(row["holder"]), sinceMs: Number(row["since_ms"]) };
}

async function take(session: Session, { name, holder, ttlMs }: LeaseRequest): Promise<Lease> {
  const sentAtMs = performance.now();
  const [row] = await session
    .query("take a lease", TAKE, { values: [name, holder, ttlMs] })
    .catch(endingOf(session));
  const fence = Number(row?.["fence"]);
  const kept = keepLease({
    ttlMs,
    sentAtMs,
    renew: async () => {
      const values = [name, fence, ttlMs];
      // The lease is lost before this limit; a slow answer within it is good.
      const limitMs = ttlMs;
      return (await session.query("renew a lease", RENEW, { values, limitMs })).length > 0;
    },
  });
  // Without its session the lock is somebody else's at once.
  session.over.addEventListener("abort", kept.lose, { once: true });
  if (session.over.aborted) kept.lose();
  kept.lost.addEventListener("abort", () => session.destroy(), { once: true });
  return {
    fence,
    lost: kept.lost,
    release: async () => {
      kept.stop();
      session.over.removeEventListener("abort", kept.lose);
      if (kept.lost.aborted) return;
      // The end of the session frees the lock, also when the row cannot be written.
      await session.query("release a lease", RELEASE, { values: [name, fence] }).catch(() => {});
      await session.end();
    },
  };
}

async function endExpired(database: Database, name: string): Promise<void> {
  const ended = await database.query("end a lost session", END_EXPIRED, [name, lockKey(name)]);
  // A server process needs a moment to end.
  if (ended.length > 0) await sleep(SLICE_MIN_MS);
}

function endingOf(session: Session): (error: unknown) => never {
  return (error) => {
    session.destroy();
    throw error;
  };
}

/** Keys of advisory locks are shared by all of a database: ours are far from any that an app would write. */
function lockKey(name: string): string {
  return createHash("sha256").update(`opspec lease ${name}`).digest().readBigInt64BE(0).toString();
}
