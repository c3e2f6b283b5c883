import type { Client, ClientConfig } from "pg";

/** Ports on which poolers listen by custom: pgbouncer, and the transaction mode of Supabase. */
const POOLER_PORTS = [6432, 6543];

/**
 * Why an address is known to be a pooler, or undefined.
 *
 * Neon's poolers have `-pooler` in their host names, Supabase's have `pooler.` in front, and both
 * tell clients to add `pgbouncer=true`.
 */
export function knownPooler({ host, port }: ClientConfig, text: string): string | undefined {
  const [label = ""] = (host ?? "").split(".");
  if (label.endsWith("-pooler") || host?.includes("pooler.")) return "its host name is a pooler's";
  if (port !== undefined && POOLER_PORTS.includes(port)) return `port ${port} is a pooler's`;
  return /[?&]pgbouncer=true(&|$)/.test(text) ? "it says pgbouncer=true" : undefined;
}

/**
 * Whether connections are given to another server process between two statements, so that a lock
 * of the session would be held by somebody else.
 *
 * Two connections that are open at once have two server processes. Behind a pooler that lends them
 * by transaction, the second borrows the one of the first, or takes it away from it.
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
