import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { isStartedHere } from "../run/guard.ts";

/** Where the app listens. */
export interface Upstream {
  readonly host: string;
  readonly port: number;
}

/** The addresses of an app that listens on "localhost". */
const LOOPBACKS = ["127.0.0.1", "::1"];

/** Poll interval until the app listens, in ms. */
const POLL_MS = 100;

/** The state of a listening socket in /proc/net/tcp. */
const LISTENING = "0A";

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/**
 * Waits until the app listens on the port. Resolves to undefined when aborted.
 *
 * @param onTaken called when another process listens there; the wait goes on
 */
export async function untilListening(
  port: number,
  { signal, onTaken }: { signal: AbortSignal; onTaken: (pid: number) => void },
): Promise<Upstream | undefined> {
  let isTold = false;
  while (!signal.aborted) {
    for (const host of LOOPBACKS) {
      if (!(await isListening({ host, port }))) continue;
      const other = otherListener({ host, port });
      if (signal.aborted) return undefined;
      if (other === undefined) return { host, port };
      if (!isTold) onTaken(other);
      isTold = true;
    }
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
  return undefined;
}

/**
 * The process that listens here if this runtime did not start it. Undefined also when the listener is
 * unknown: without /proc, or when it belongs to another user.
 */
function otherListener({ host, port }: Upstream): number | undefined {
  const tables = host === "::1" ? ["tcp6"] : ["tcp", "tcp6"];
  // A socket of IPv4 gets the connection even if one of IPv6 listens to both.
  const sockets = tables.map((table) => listeningSockets(table, port)).find((it) => it.size > 0);
  if (!sockets) return undefined;
  const holders = pids().filter((pid) => holdsOne(pid, sockets));
  return holders.some(isStartedHere) ? undefined : holders[0];
}

/** The listening sockets of a port, as links in /proc/<pid>/fd show them. @see proc_pid_net(5) */
function listeningSockets(table: string, port: number): Set<string> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = (readOrNot(() => readFileSync(`/proc/net/${table}`, "utf8")) ?? "").split("\n");
  return new Set(
    rows.flatMap((row) => {
      const [, local = "", , state, , , , , , inode] = row.trim().split(/\s+/);
      return state === LISTENING && local.endsWith(suffix) ? [`socket:[${inode}]`] : [];
    }),
  );
}

function pids(): number[] {
  const names = readOrNot(() => readdirSync("/proc")) ?? [];
  return names.map(Number).filter(Number.isInteger);
}

function holdsOne(pid: number, sockets: ReadonlySet<string>): boolean {
  const directory = `/proc/${pid}/fd`;
  const files = readOrNot(() => readdirSync(directory)) ?? [];
  return files.some((it) => sockets.has(readOrNot(() => readlinkSync(`${directory}/${it}`)) ?? ""));
}

/** Undefined for a process that ended in the meantime, or that this user must not see. */
function readOrNot<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

async function isListening(upstream: Upstream): Promise<boolean> {
  const socket = connect(upstream);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** The app's URL without a path; an IPv6 address needs brackets. */
export function urlOf({ host, port }: Upstream): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** The HTTP status of a path of the app; undefined when it does not answer. */
export async function statusOf(
  upstream: Upstream,
  path: string,
  signal: AbortSignal,
): Promise<number | undefined> {
  try {
    const answer = await fetch(urlOf(upstream) + path, { signal, redirect: "manual" });
    await answer.body?.cancel();
    return answer.status;
  } catch {
    return undefined;
  }
}
