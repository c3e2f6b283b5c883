import type { Upstream } from "./front.ts";
import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Where an app may listen that says "localhost". */
const LOOPBACKS = ["127.0.0.1", "::1"];

/** Between two looks whether the app listens, in ms. */
const LOOK_EVERY_MS = 100;

/** A port that nobody uses now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Waits until something listens on the port; undefined when aborted before. */
export async function untilListening(
  port: number,
  signal: AbortSignal,
): Promise<Upstream | undefined> {
  while (!signal.aborted) {
    for (const host of LOOPBACKS) {
      if (await isListening({ host, port })) return signal.aborted ? undefined : { host, port };
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
  return undefined;
}

function isListening(upstream: Upstream): Promise<boolean> {
  const socket = connect(upstream);
  return new Promise((resolve) => {
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
  }).then((is) => {
    socket.destroy();
    return is === true;
  });
}
