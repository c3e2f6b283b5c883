import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import { HOST } from "./address.ts";

/** The health check of a service: a path, an open port, or a running process. */
export type HealthSign =
  | { readonly kind: "path"; readonly port: number; readonly path: string }
  | { readonly kind: "port"; readonly port: number }
  | { readonly kind: "alive" };

/** An answer must come within 5 s. @see https://render.com/docs/health-checks */
const ANSWER_LIMIT_MS = 5000;

/** Poll interval while an instance starts. */
const START_POLL_MS = 200;

/** A worker that still runs after this time counts as started. */
const ALIVE_MS = 1000;

/** Waits until an instance is healthy. Rejects when the signal is aborted. */
export async function untilHealthy(sign: HealthSign, signal: AbortSignal): Promise<void> {
  if (sign.kind === "alive") return sleep(ALIVE_MS, undefined, { signal });
  while (!(await isHealthy(sign))) await sleep(START_POLL_MS, undefined, { signal });
  signal.throwIfAborted();
}

/**
 * Whether an instance is healthy now: 2xx and 3xx are. @see https://render.com/docs/health-checks
 */
export async function isHealthy(sign: HealthSign): Promise<boolean> {
  if (sign.kind === "alive") return true;
  if (sign.kind === "port") return isOpen(sign.port);
  try {
    const response = await fetch(`http://${HOST}:${sign.port}${sign.path}`, {
      redirect: "manual",
      signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
    });
    await response.body?.cancel();
    return response.status >= 200 && response.status < 400;
  } catch {
    return false;
  }
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, HOST);
    socket.setTimeout(ANSWER_LIMIT_MS);
    const end = (open: boolean) => () => {
      socket.destroy();
      resolve(open);
    };
    socket.once("connect", end(true));
    socket.once("error", end(false));
    socket.once("timeout", end(false));
  });
}
