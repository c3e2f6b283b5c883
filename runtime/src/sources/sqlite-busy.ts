import { setTimeout as wait } from "node:timers/promises";

const LOOK_MS = 50;

/** SQLITE_BUSY. @see https://www.sqlite.org/rescode.html#busy */
const BUSY = new Set([5]);

/**
 * Whether an error of SQLite has one of these numbers of what went wrong; extended codes have them
 * in their lowest byte. @see https://www.sqlite.org/rescode.html
 */
export function hasResultCode(error: unknown, codes: ReadonlySet<number>): boolean {
  if (!(error instanceof Error) || !("errcode" in error)) return false;
  return typeof error.errcode === "number" && codes.has(error.errcode & 0xff);
}

/** Whether an error of SQLite says that somebody else has the file locked for now. */
export function isBusy(error: unknown): boolean {
  return hasResultCode(error, BUSY);
}

/**
 * Tries again while somebody else has the file locked, up to a time; then the last error is thrown.
 *
 * SQLite's own timeout waits too, but within the call: the whole process would stand still.
 */
export async function retryWhileBusy<T>(
  attempt: () => T,
  { waitMs, signal }: { readonly waitMs: number; readonly signal: AbortSignal },
): Promise<T> {
  const until = performance.now() + waitMs;
  for (;;) {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error) || performance.now() >= until) throw error;
    }
    await wait(LOOK_MS, undefined, { signal });
  }
}
