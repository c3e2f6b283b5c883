/** Interval of progress lines: often enough to show progress, rare enough for a CI log. */
const EVERY_MS = 10_000;

/**
 * Logs `describe("1 min 20 s")` at intervals until the returned function is called.
 *
 * The returned function returns the elapsed time.
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
