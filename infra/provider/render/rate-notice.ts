import type { Answer } from "./request-failure.ts";

/** What an answer says of its class's budget. */
export interface RateNotice {
  /** Calls in one window; some accounts have more. */
  readonly limit?: number;
  /** Calls that are left in this window. */
  readonly left: number;
  /** Until the next window begins. */
  readonly resetMs: number;
  /** The call was one too many and was not carried out. */
  readonly isRefusal: boolean;
}

/** Render tells whole seconds, so a window may last nearly one longer than it says. */
const RESET_STEP_MS = 1000;

/** The longest wait for a rate limit: Render's longest window is an hour. */
const RESET_MAX_MS = 61 * 60_000;

/** After a 429 that says nothing of when to come back. */
const UNTOLD_WAIT_MS = 1000;

/** What an answer's headers say; `undefined` where there is no answer, or none of it. */
export function rateNoticeOf(answer: Answer): RateNotice | undefined {
  if ("lost" in answer) return undefined;
  const { headers, status } = answer;
  const reset = numberIn(headers, "ratelimit-reset");
  const resetMs = reset === undefined ? UNTOLD_WAIT_MS : reset * 1000 + RESET_STEP_MS;
  if (status === 429) {
    const retryAfter = numberIn(headers, "retry-after");
    const waitMs = retryAfter === undefined ? resetMs : retryAfter * 1000;
    return { left: 0, resetMs: Math.min(waitMs, RESET_MAX_MS), isRefusal: true };
  }
  const left = numberIn(headers, "ratelimit-remaining");
  if (left === undefined || reset === undefined) return undefined;
  const limit = numberIn(headers, "ratelimit-limit");
  return {
    left,
    resetMs: Math.min(resetMs, RESET_MAX_MS),
    isRefusal: false,
    ...(limit !== undefined && { limit }),
  };
}

function numberIn(headers: Headers, name: string): number | undefined {
  const text = headers.get(name);
  const value = text === null ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : undefined;
}
