/** How often a wait is shown: often enough to see that it lives, rarely enough for a CI log. */
const EVERY_MS = 10_000;

/**
 * Shows that a wait goes on: `describe("1 min 20 s")` is logged until the returned function is called.
 *
 * The returned function gives the elapsed time, for the closing line.
 */
export function startProgress(log, describe) {
  const startMs = performance.now();
  const elapsed = () => renderElapsed(performance.now() - startMs);
  const timer = setInterval(() => log(describe(elapsed())), EVERY_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    return elapsed();
  };
}

/** `8 s`, `2 min 10 s`. */
export function renderElapsed(ms) {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
