import { setTimeout as sleep } from "node:timers/promises";

/** Waits for the work, but not longer than the limit. What goes on after it is not looked at. */
export async function within(work: Promise<unknown>, limitMs: number): Promise<void> {
  const timer = new AbortController();
  try {
    await Promise.race([work, sleep(limitMs, undefined, { signal: timer.signal })]);
  } finally {
    timer.abort();
  }
}
