import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { ConfigurationError } from "../contract/configuration-error.ts";
import { isPooledByTransaction } from "../databases/migrate/advisory-lock.ts";
import { POSTGRES_ANSWER_MS, type PostgresDatabase } from "../databases/postgres/database.ts";
import { openSession, type Session } from "../databases/postgres/session.ts";
import { StoreError } from "../databases/store-error.ts";
import {
  type Holder,
  type Lease,
  type LeaseRequest,
  type LeaseStore,
  renewLease,
} from "./leases.ts";
import { claimSlot, ensureSlots, FENCES } from "./postgres-slots.ts";

const TABLE = "opspec.opspec_leases";

/** One row for each name, never removed, so that fences grow. `session_pid` is the server process of the holder's session. */
const LEASES_DDL = `
  CREATE TABLE IF NOT EXISTS ${TABLE} (
    name text PRIMARY KEY,
    holder text NOT NULL,
    fence bigint NOT NULL,
    session_pid int NOT NULL,
    since timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
  );
`;

/** Longest wait for the advisory lock in one statement. After it, the session of an expired holder is ended. */
const SLICE_MAX_MS = 2_000;
const SLICE_MIN_MS = 50;

/** SQLSTATE of a wait that took longer than lock_timeout. @see https://www.postgresql.org/docs/current/errcodes-appendix.html */
const LOCK_NOT_AVAILABLE = "55P03";

/** The server process that holds an advisory lock. pg_locks shows a 64-bit key as two halves. */
const LOCKED_BY = `
  SELECT pid FROM pg_locks
  WHERE locktype = 'advisory' AND granted AND objsubid = 1
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (classid::bigint << 32) | objid::bigint = $2::bigint`;

/** Milliseconds until the lease expires, while its session still holds the lock. */
const HELD = `
  SELECT extract(epoch FROM expires_at - clock_timestamp()) * 1000 AS rest_ms
  FROM ${TABLE} WHERE name = $1 AND expires_at > clock_timestamp()
    AND session_pid IN (${LOCKED_BY})`;

/**
 * Ends the session of a holder whose lease expired. The holder was stopped or disconnected, and the
 * server would keep its lock for hours.
 */
const END_EXPIRED = `
  SELECT pg_terminate_backend(session_pid) FROM ${TABLE}
  WHERE name = $1 AND expires_at <= clock_timestamp() AND session_pid IN (${LOCKED_BY})`;

/** Only the holder of the advisory lock may do it: the session of the former holder has ended. */
const TAKE = `
  INSERT INTO ${TABLE} (name, holder, fence, session_pid, since, expires_at)
  VALUES ($1, $2, nextval('${FENCES}'), pg_backend_pid(), clock_timestamp(),
    clock_timestamp() + $3::float8 * interval '1 millisecond')
  ON CONFLICT (name) DO UPDATE
    SET holder = excluded.holder, fence = nextval('${FENCES}'), session_pid = excluded.session_pid,
      since = excluded.since, expires_at = excluded.expires_at
  RETURNING fence`;

/** An expired lease is not renewed: its session may be ended at any moment. */
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
 * Leases in tables of ours in the app's database. The caller closes the database.
 *
 * A lease is an advisory lock of a session and a row with an expiry. The lock is free as soon as
 * the holder's process ends. The expiry is for holders that were stopped or disconnected, whose
 * session continues.
 */
export function openPostgresLeases(database: PostgresDatabase): LeaseStore {
  let isDirect = false;
  const ready = async (): Promise<void> => {
    if (!isDirect) await refusePooler(database);
    isDirect = true;
    await ensureSlots(database);
    await database.ensure("opspec_leases", LEASES_DDL);
  };
  return {
    acquire: async (request) => {
      await ready();
      return await acquireLease(database, request);
    },
    waitFor: async (request, signal) => {
      await ready();
      return await waitForLease(database, request, signal);
    },
    claimSlot: (request, slot) => claimSlot(database, request, slot),
    holderOf: async (name) => {
      await ready();
      return await leaseHolder(database, name);
    },
    close: async () => {},
  };
}

/** Behind a pooler that lends connections, the next borrower would hold the lock. */
async function refusePooler({ where, config }: PostgresDatabase): Promise<void> {
  const { Client } = await import("pg");
  const clients = [0, 1].map(() => new Client({ ...config, query_timeout: POSTGRES_ANSWER_MS }));
  try {
    await Promise.all(
      clients.map(async (client) => {
        client.on("error", () => {});
        await client.connect();
      }),
    );
    const [first, second] = clients;
    if (!first || !second || !(await isPooledByTransaction(first, second))) return;
  } catch (error) {
    throw new StoreError({ where, verb: "take a lock" }, error);
  } finally {
    await Promise.allSettled(clients.map((client) => client.end()));
  }
  const message = "leads through a pooler that lends connections by transaction.";
  const remedy = "Another client could get the lock: use the direct URL of the database.";
  throw new ConfigurationError([{ where, message, remedy }]);
}

async function acquireLease(
  database: PostgresDatabase,
  request: LeaseRequest,
): Promise<Lease | undefined> {
  const { name } = request;
  const [held] = await database.query("read a lease", HELD, [name, lockKey(name)]);
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

/** Postgres wakes a waiter when the session that holds the lock ends. */
async function waitForLease(
  database: PostgresDatabase,
  request: LeaseRequest,
  signal: AbortSignal,
): Promise<Lease> {
  signal.throwIfAborted();
  const session = await openSession(database.where, database.config);
  const stop = () => session.destroy();
  signal.addEventListener("abort", stop, { once: true });
  try {
    while (!(await isLocked(database, session, request.name)));
    return await take(session, request);
  } catch (error) {
    session.destroy();
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Waits for the lock until its holder's lease expires. */
async function isLocked(
  database: PostgresDatabase,
  session: Session,
  name: string,
): Promise<boolean> {
  const key = lockKey(name);
  const [held] = await session.query("read a lease", HELD, { values: [name, key] });
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

async function leaseHolder(database: PostgresDatabase, name: string): Promise<Holder | undefined> {
  const [row] = await database.query("read a lease", HOLDER, [name, lockKey(name)]);
  return row && { holder: String(row["holder"]), sinceMs: Number(row["since_ms"]) };
}

async function take(session: Session, { name, holder, ttlMs }: LeaseRequest): Promise<Lease> {
  const sentAtMs = performance.now();
  const [row] = await session
    .query("take a lease", TAKE, { values: [name, holder, ttlMs] })
    .catch(endingOf(session));
  const fence = Number(row?.["fence"]);
  const kept = renewLease({
    ttlMs,
    sentAtMs,
    renew: async () => {
      const values = [name, fence, ttlMs];
      // The lease is lost before this limit; a slow answer within it is good.
      const limitMs = ttlMs;
      return (await session.query("renew a lease", RENEW, { values, limitMs })).length > 0;
    },
  });
  // When its session ends, another process gets the lock at once.
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

async function endExpired(database: PostgresDatabase, name: string): Promise<void> {
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
