import { setTimeout as sleep } from "node:timers/promises";

/** The time by which rate limits are counted, and the wait for it; a test's is its cloud's. */
export interface Clock {
  now(): number;
  /** @throws the signal's reason when that ends first */
  waitUntil(atMs: number, signal: AbortSignal): Promise<void>;
}

/** This machine's. */
export const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  waitUntil: async (atMs, signal) => {
    try {
      await sleep(Math.max(0, atMs - Date.now()), undefined, { signal });
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    }
  },
};

/** Waits for a promise that never fails. @throws the signal's reason when that ends first */
export async function untilSettled(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  const ended = Promise.withResolvers<never>();
  const end = (): void => ended.reject(signal.reason);
  if (signal.aborted) end();
  signal.addEventListener("abort", end);
  try {
    await Promise.race([promise, ended.promise]);
  } finally {
    signal.removeEventListener("abort", end);
  }
}
