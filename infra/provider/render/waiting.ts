import { setTimeout as sleep } from "node:timers/promises";
import { RenderError } from "./answer.ts";

/**
 * Time limits and intervals of a client, in milliseconds. Tests against an in-process cloud use
 * shorter ones.
 */
export interface Pace {
  /** Time limit of one request. */
  readonly requestTimeoutMs: number;
  /** First backoff between attempts; it doubles. */
  readonly backoffMs: number;
  /** First poll interval of a slow operation; it grows. */
  readonly pollMs: number;
  /** Time limit of a deploy. */
  readonly deployMs: number;
  /** Time limit of a new datastore. */
  readonly settleMs: number;
}

/**
 * Attempts are 0.25, 0.5, 1, 2 and 4 s apart, because Render answers within seconds.
 *
 * The limit of a deploy is the sum of Render's limits: build 120 min, pre-deploy 30 min, start and
 * health 15 min. A database is ready within minutes; Render's Terraform provider waits 15.
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

/** The clock of the rate limits; a test uses its cloud's clock. */
export interface Clock {
  now(): number;
  /** @throws the signal's reason when it is aborted first */
  waitUntil(atMs: number, signal: AbortSignal): Promise<void>;
}

/** The system clock. */
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

/** Waits for a promise that never fails. @throws the signal's reason when it is aborted first */
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

/** A wait with its own limit besides the caller's signal. */
export interface LimitedWait {
  readonly limitMs: number;
  /** Describes the resource and its last status when the limit is reached. */
  readonly late: () => string;
  readonly wait: (signal: AbortSignal) => Promise<void>;
}

/**
 * Waits until the limit at most.
 *
 * @throws with the resource, its last status and the limit
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
      `Render: ${late()} after ${inWords(limitMs)}, the limit. Check it in Render's dashboard, then run opspec up again.`,
      { maybeDone: false, cause: error },
    );
  }
}

/** A duration in words: `0.04 s`, `45 s`, `57 min`. */
export function inWords(ms: number): string {
  return ms < 60_000
    ? `${ms < 1000 ? ms / 1000 : Math.ceil(ms / 1000)} s`
    : `${Math.round(ms / 60_000)} min`;
}
