import { errorCode } from "../../contract/error-code.ts";
import { createHash } from "node:crypto";
import type { Client } from "pg";
import type { Logger } from "pino";

/** How long one wait for the lock lasts before its holder is named again, in milliseconds. */
const SLICE_MS = 10_000;

/** SQLSTATE of a wait that lock_timeout ended. @see https://www.postgresql.org/docs/current/errcodes-appendix.html */
const LOCK_NOT_AVAILABLE = "55P03";

/** How the wait for a lock ended. */
export type Waited = "locked" | "timeout" | "stopped";

/** Key of the lock of an app in a database: apps and databases do not block each other. */
export function lockKey(app: string, database: string): bigint {
  const hash = createHash("sha256").update(`opspec migrate\0${app}\0${database}`).digest();
  return hash.readBigInt64BE(0);
}

/** What waiting takes. */
export interface LockWait {
  readonly key: bigint;
  readonly deadlineMs: number;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * Takes the session's advisory lock, or gives up at the deadline. While it waits it says who holds
 * the lock. Postgres queues those who wait, so a lock that is freed is passed on at once.
 */
export async function waitForLock(client: Client, wait: LockWait): Promise<Waited> {
  const { key, deadlineMs, log, signal } = wait;
  const endAt = performance.now() + deadlineMs;
  const { rows } = await client.query("SELECT pg_try_advisory_lock($1) AS locked", [key]);
  if (rows[0]?.locked === true) return "locked";
  // A wait that is cut off frees its place at the server, which looks for its client every second.
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
    // A setting takes no parameter; the number is ours.
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
