/** Longest delay of a Node timer; a longer one fires at once. @see https://nodejs.org/api/timers.html#settimeoutcallback-delay-args */
const TIMER_MS_MAX = 2 ** 31 - 1;

/**
 * Waits for any time, also for months. Resolves early, and does not reject, when the signal is
 * aborted: a loop checks its signal itself.
 */
export async function sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
  const { promise: aborted, resolve } = Promise.withResolvers<void>();
  const timer = startTimer(delayMs, resolve);
  const end = (): void => resolve();
  if (signal?.aborted) resolve();
  else signal?.addEventListener("abort", end, { once: true });
  try {
    await aborted;
  } finally {
    timer.stop();
    signal?.removeEventListener("abort", end);
  }
}

/**
 * A signal that is aborted with a TimeoutError after any time. `AbortSignal.timeout` fires at once for
 * a time that is longer than a Node timer.
 */
export function timeLimit(limitMs: number): AbortSignal {
  const limit = new AbortController();
  startTimer(limitMs, () => {
    limit.abort(new DOMException("the time limit passed", "TimeoutError"));
  }).unref();
  return limit.signal;
}

/** Waits for the work, at most until the limit. The work itself continues. */
export async function waitAtMost(work: Promise<unknown>, limitMs: number): Promise<void> {
  const timer = new AbortController();
  try {
    await Promise.race([work, sleep(limitMs, timer.signal)]);
  } finally {
    timer.abort();
  }
}

/** A timer of any length. */
export interface Timer {
  stop(): void;
  /** Lets the process end before the timer fires. */
  unref(): Timer;
}

/** Calls `action` once after the delay, which may be longer than a Node timer allows. */
export function startTimer(delayMs: number, action: () => void): Timer {
  let timer: NodeJS.Timeout;
  let isRef = true;
  const start = (leftMs: number): void => {
    const partMs = Math.min(leftMs, TIMER_MS_MAX);
    timer = setTimeout(() => (partMs < leftMs ? start(leftMs - partMs) : action()), partMs);
    if (!isRef) timer.unref();
  };
  start(Math.max(0, delayMs));
  const own: Timer = {
    stop: () => clearTimeout(timer),
    unref: () => {
      isRef = false;
      timer.unref();
      return own;
    },
  };
  return own;
}
