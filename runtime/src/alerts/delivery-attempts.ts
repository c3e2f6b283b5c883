import { setTimeout as sleep } from "node:timers/promises";
import { ChannelError } from "./channel.ts";

/** How long and how often a delivery is tried. */
export interface DeliveryLimits {
  /** Of one attempt. */
  readonly timeoutMs: number;
  readonly attempts: number;
  /** Before the second attempt; doubled before each later one. */
  readonly backoffMs: number;
  /** A server that asks for a longer wait is not waited for: the end of a job waits for its alert. */
  readonly waitMsMax: number;
}

/** A run that ended is kept up for well under a minute by a channel that is away. */
export const DELIVERY_LIMITS: DeliveryLimits = {
  timeoutMs: 5000,
  attempts: 3,
  backoffMs: 1000,
  waitMsMax: 15_000,
};

/**
 * What one attempt came to: nothing more to do, or why not. `retryAfterMs` is the shortest wait
 * before another attempt may help; undefined when none will.
 */
export type Attempt =
  | "done"
  | { readonly error: string; readonly retryAfterMs: number | undefined };

/** Tries until it is done, refused for good or out of attempts, which is thrown as a ChannelError. */
export async function attemptDelivery(
  once: () => Promise<Attempt>,
  limits: DeliveryLimits,
  signal?: AbortSignal,
): Promise<void> {
  let last: Exclude<Attempt, "done"> | undefined;
  for (let attempt = 1; attempt <= limits.attempts; attempt += 1) {
    signal?.throwIfAborted();
    const result = await once();
    if (result === "done") return;
    last = result;
    if (result.retryAfterMs === undefined || attempt === limits.attempts) break;
    const waitMs = Math.max(result.retryAfterMs, limits.backoffMs * 2 ** (attempt - 1));
    if (waitMs > limits.waitMsMax) break;
    await sleep(waitMs, undefined, signal ? { signal } : {});
  }
  throw new ChannelError(last?.error ?? "it was not tried", last?.retryAfterMs);
}
