import { createHash } from "node:crypto";
import type { Client, ClientConfig } from "pg";
import type { Logger } from "pino";
import { errorCode } from "../../contract/error-code.ts";

/** How long one wait for the lock lasts before its holder is logged again, in ms. */
const SLICE_MS = 10_000;

/** SQLSTATE of a wait that lock_timeout ended. @see https://www.postgresql.org/docs/current/errcodes-appendix.html */
const LOCK_NOT_AVAILABLE = "55P03";

/** Usual ports of poolers: pgbouncer, and Supabase's transaction mode. */
const POOLER_PORTS = [6432, 6543];

/** Key of an app's lock in a database. Apps and databases do not block each other. */
export function lockKey(app: string, database: string): bigint {
  const hash = createHash("sha256").update(`opspec migrate\0${app}\0${database}`).digest();
  return hash.readBigInt64BE(0);
}

export interface LockWait {
  readonly key: bigint;
  readonly deadlineMs: number;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * Acquires the session's advisory lock, or gives up at the deadline. While it waits, it logs who holds
 * the lock. Postgres queues the waiting sessions, so a released lock is passed on at once.
 */
export async function waitForLock(
  client: Client,
  { key, deadlineMs, log, signal }: LockWait,
): Promise<"locked" | "timeout" | "stopped"> {
  const endAt = performance.now() + deadlineMs;
  const { rows } = await client.query("SELECT pg_try_advisory_lock($1) AS locked", [key]);
  if (rows[0]?.locked === true) return "locked";
  // Ending the connection gives up the place in the queue: the server checks for its client every second.
  const cut = (): void => void client.end();
  signal.addEventListener("abort", cut, { once: true });
  try {
    for (;;) {
      const remainingMs = Math.ceil(endAt - performance.now());
      if (remainingMs <= 0) return "timeout";
      const remainingSeconds = Math.ceil(remainingMs / 1000);
      const holder = await holderOf(client, key);
      log.info({ holder, remainingSeconds }, "waiting for the migration lock");
      if (await waitSlice(client, key, Math.min(SLICE_MS, remainingMs))) return "locked";
    }
  } catch (error) {
    if (signal.aborted) return "stopped";
    throw error;
  } finally {
    signal.removeEventListener("abort", cut);
  }
}

export async function unlock(client: Client, key: bigint): Promise<void> {
  await client.query("SELECT pg_advisory_unlock($1)", [key]);
}

async function waitSlice(client: Client, key: bigint, ms: number): Promise<boolean> {
  try {
    // SET takes no parameter; the number is ours.
    await client.query(`SET lock_timeout = ${ms}`);
    await client.query("SELECT pg_advisory_lock($1)", [key]);
    return true;
  } catch (error) {
    if (errorCode(error) === LOCK_NOT_AVAILABLE) return false;
    throw error;
  }
}

async function holderOf(client: Client, key: bigint): Promise<unknown> {
  const { rows } = await client.query(
    `SELECT a.pid, a.application_name AS application, a.usename AS user,
            round(extract(epoch FROM now() - a.backend_start))::int AS "connectedSeconds"
       FROM pg_locks l JOIN pg_stat_activity a USING (pid)
      WHERE l.locktype = 'advisory' AND l.granted
        AND l.classid = (($1::bigint >> 32) & 4294967295)::oid
        AND l.objid = ($1::bigint & 4294967295)::oid`,
    [key],
  );
  return rows[0] ?? "unknown";
}

/**
 * Why an address is known to be a pooler's, or undefined.
 *
 * Neon's poolers have `-pooler` in their host names, Supabase's start with `pooler.`, and both ask for
 * `pgbouncer=true`.
 */
export function knownPooler({ host, port }: ClientConfig, text: string): string | undefined {
  const [label = ""] = (host ?? "").split(".");
  if (label.endsWith("-pooler") || host?.includes("pooler.")) return "its host name is a pooler's";
  if (port !== undefined && POOLER_PORTS.includes(port)) return `port ${port} is a pooler's`;
  return /[?&]pgbouncer=true(&|$)/.test(text) ? "it says pgbouncer=true" : undefined;
}

/**
 * Whether a pooler may give a connection another server process between two statements, so that
 * another client would hold the session's lock.
 *
 * Two open connections have two server processes. Behind a pooler in transaction mode, the second
 * connection borrows the first one's process.
 */
export async function isPooledByTransaction(first: Client, second: Client): Promise<boolean> {
  const before = await backend(first);
  await second.query("BEGIN");
  const borrowed = await backend(second);
  const during = await backend(first);
  await second.query("COMMIT");
  return new Set([before, during]).size > 1 || borrowed === before;
}

async function backend(client: Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  return rows[0]?.pid ?? 0;
}
