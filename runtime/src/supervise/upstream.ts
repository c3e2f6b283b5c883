import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Where the app listens. */
export interface Upstream {
  readonly host: string;
  readonly port: number;
}

/** The addresses of an app that listens on "localhost". */
const LOOPBACKS = ["127.0.0.1", "::1"];

/** Poll interval until the app listens, in ms. */
const POLL_MS = 100;

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Waits until a process listens on the port. Resolves to undefined when aborted. */
export async function untilListening(
  port: number,
  signal: AbortSignal,
): Promise<Upstream | undefined> {
  while (!signal.aborted) {
    for (const host of LOOPBACKS) {
      if (await isListening({ host, port })) return signal.aborted ? undefined : { host, port };
    }
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
  return undefined;
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
