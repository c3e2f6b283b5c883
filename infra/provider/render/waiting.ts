import { setTimeout as sleep } from "node:timers/promises";
import { RenderError } from "./answer.ts";

/** How long the client waits, in milliseconds. A plugin takes Render's pace; tests against a cloud in their own process are faster. */
export interface Pace {
  /** One request may take this long before it counts as lost. */
  readonly requestTimeoutMs: number;
  /** The first wait between attempts; it doubles from there. */
  readonly backoffMs: number;
  /** The first wait between two looks at what takes time; each next one is longer. */
  readonly pollMs: number;
  /** A deploy that is not live after this long is given up. */
  readonly deployMs: number;
  /** A datastore that is not available after this long is given up. */
  readonly settleMs: number;
}

/**
 * Render's own answers take seconds at most; attempts are 0.25, 0.5, 1, 2 and 4 s apart.
 *
 * A deploy may take Render's own limits added up: build 120 min, pre-deploy 30 min, start and health
 * 15 min. A database is ready within minutes; Render's own Terraform provider gives up after 15.
 *
 * @see https://render.com/docs/deploys
 */
export const RENDER_PACE: Pace = {
  requestTimeoutMs: 60_000,
  backoffMs: 250,
  pollMs: 150,
  deployMs: 165 * 60_000,
  settleMs: 15 * 60_000,
};

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

/** A wait that has a limit of its own besides the time of its caller. */
export interface LimitedWait {
  readonly limitMs: number;
  /** Names the thing and its last status, asked for when the time is up. */
  readonly late: () => string;
  readonly wait: (signal: AbortSignal) => Promise<void>;
}

/**
 * Waits, at most as long as the limit.
 *
 * @throws with the thing, its last status and the limit, where the platform says only "aborted"
 */
export async function withinLimit(
  outer: AbortSignal,
  { limitMs, late, wait }: LimitedWait,
): Promise<void> {
  const deadline = AbortSignal.timeout(limitMs);
  try {
    await wait(AbortSignal.any([outer, deadline]));
  } catch (error) {
    if (!deadline.aborted || outer.aborted) throw error;
    throw new RenderError(
      `Render: ${late()} after ${inWords(limitMs)}, the limit. Look at it in the dashboard, then run up again.`,
      { maybeDone: false, cause: error },
    );
  }
}

/** A time as people say it: `0.04 s`, `45 s`, `57 min`. */
export function inWords(ms: number): string {
  return ms < 60_000
    ? `${ms < 1000 ? ms / 1000 : Math.ceil(ms / 1000)} s`
    : `${Math.round(ms / 60_000)} min`;
}
