import { sleep } from "./timer.ts";

/** A pause is up to this part shorter or longer, so that clients that failed together do not return together. */
const JITTER = 0.2;

/** Longest pause between two attempts, in ms, unless the policy says otherwise. */
const PAUSE_MS_MAX = 15 * 60_000;

/** When to try again, and how long to pause. Give `attempts`, `budgetMs`, or both. */
export interface RetryPolicy {
  /** Attempts in total, the first one included. */
  readonly attempts?: number;
  /** No attempt starts later than this after the first one, in ms. */
  readonly budgetMs?: number;
  /** Pause before the second attempt, in ms. It doubles before each later one. */
  readonly pauseMs: number;
  /** Longest pause, in ms. A server that asks for a longer one is not asked again. */
  readonly pauseMsMax?: number;
  /** When it is aborted, no further attempt starts, and `retry` rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Whether another attempt may help; without it, every failure is retried. */
  readonly isTemporary?: (error: unknown) => boolean;
  /** What the server asked for by `Retry-After`, in ms; the pause is never shorter. */
  readonly retryAfterMs?: (error: unknown) => number | undefined;
  /** Called before each pause, for a log line. */
  readonly onRetry?: (retry: { error: unknown; attempt: number; pauseMs: number }) => void;
}

/**
 * Calls `work` until it succeeds, and throws its last error when no further attempt is due.
 *
 * The one retry loop of the runtime: exponential backoff with jitter, bounded by a number of
 * attempts, a time budget, or both.
 *
 * @example
 * const answer = await retry(() => fetchAnswer(url), {
 *   attempts: 3,
 *   pauseMs: 1000,
 *   signal,
 *   isTemporary: (error) => error instanceof HttpError && isTemporaryStatus(error.status),
 *   retryAfterMs: (error) => (error instanceof HttpError ? error.retryAfterMs : undefined),
 * });
 */
export async function retry<T>(
  work: (attempt: number) => Promise<T>,
  policy: RetryPolicy,
): Promise<T> {
  const { budgetMs = Infinity, signal } = policy;
  const endsAt = performance.now() + budgetMs;
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted();
    try {
      return await work(attempt);
    } catch (error) {
      signal?.throwIfAborted();
      const leftMs = endsAt - performance.now();
      const pauseMs = pauseAfter(error, policy, { attempt, leftMs });
      if (pauseMs === undefined) throw error;
      policy.onRetry?.({ error, attempt, pauseMs });
      await sleep(pauseMs, signal);
    }
  }
}

/** Undefined when no further attempt is due. */
function pauseAfter(
  error: unknown,
  policy: RetryPolicy,
  { attempt, leftMs }: { attempt: number; leftMs: number },
): number | undefined {
  const { attempts = Infinity, isTemporary = () => true, pauseMsMax = PAUSE_MS_MAX } = policy;
  if (attempt >= attempts || leftMs <= 0 || !isTemporary(error)) return undefined;
  const askedMs = policy.retryAfterMs?.(error) ?? 0;
  if (askedMs > Math.min(pauseMsMax, leftMs)) return undefined;
  return Math.max(askedMs, Math.min(backoffMs(policy, attempt), leftMs));
}

/** The pause after an attempt that failed. `random` is from 0 to 1. */
export function backoffMs(
  { pauseMs, pauseMsMax = PAUSE_MS_MAX }: Pick<RetryPolicy, "pauseMs" | "pauseMsMax">,
  attempt: number,
  random = Math.random(),
): number {
  const fullMs = Math.min(pauseMs * 2 ** (attempt - 1), pauseMsMax);
  return Math.round(fullMs * (1 - JITTER + 2 * JITTER * random));
}

/** Answers after which another request may succeed. @see https://www.rfc-editor.org/rfc/rfc9110#section-15.5 */
export function isTemporaryStatus(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

/** What a `Retry-After` header asks for, in ms: seconds or a date. @see https://www.rfc-editor.org/rfc/rfc9110#field.retry-after */
export function readRetryAfterMs(headers: Headers): number | undefined {
  const text = headers.get("retry-after")?.trim();
  if (!text) return undefined;
  const isSeconds = /^\d{1,9}(\.\d+)?$/.test(text);
  const waitMs = isSeconds ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(waitMs) ? Math.max(0, Math.ceil(waitMs)) : undefined;
}
