import { setTimeout as sleep } from "node:timers/promises";

import type { Lease } from "../coordination.ts";

/** How often a store that cannot tell when a lease is free is asked, give or take a third. */
const POLL_MS = 150;

/** Asks for a lease until it is given; for stores that cannot wake who waits. */
export async function pollForLease(
  acquire: () => Promise<Lease | undefined>,
  signal: AbortSignal,
): Promise<Lease> {
  for (;;) {
    signal.throwIfAborted();
    const lease = await acquire();
    if (lease) return lease;
    // Waiters that started together must not ask together for ever.
    await sleep(POLL_MS * (2 / 3 + Math.random() * (2 / 3)), undefined, { signal }).catch(() => {});
  }
}
