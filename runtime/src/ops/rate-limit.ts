const WINDOW_MS = 60_000;

/** Keys that are counted; the one that was used least recently is dropped for one more. */
const KEYS_MAX = 1000;

/** Counts events by key over a sliding minute, such as the wrong logins of a client. */
export interface RateLimit {
  /** Seconds until the key has fewer than `max` events; 0 when it has fewer now. */
  waitSeconds(key: string, max: number): number;
  count(key: string): void;
}

/** A rate limit in the memory of this process. */
export function createRateLimit(now: () => Date): RateLimit {
  const times = new Map<string, number[]>();
  const recent = (key: string): number[] =>
    (times.get(key) ?? []).filter((at) => now().getTime() - at < WINDOW_MS);
  return {
    waitSeconds: (key, max) => {
      const first = recent(key).at(-max);
      if (first === undefined) return 0;
      return Math.max(1, Math.ceil((first + WINDOW_MS - now().getTime()) / 1000));
    },
    count: (key) => {
      const counted = [...recent(key), now().getTime()];
      times.delete(key);
      times.set(key, counted);
      const [oldest] = times.keys();
      if (times.size > KEYS_MAX && oldest !== undefined) times.delete(oldest);
    },
  };
}
