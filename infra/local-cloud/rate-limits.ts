const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Calls that share one budget. */
interface LimitClass {
  readonly name: string;
  /** Matches `METHOD /path`. */
  readonly calls: RegExp;
  readonly limit: number;
  readonly windowMs: number;
  readonly isPerService?: true;
}

/**
 * Render's rate-limit classes, the most specific first. The classes are documented; the limits come
 * from the `Ratelimit-Limit` headers of recorded traffic, the windows from the largest
 * `Ratelimit-Reset`.
 *
 * Changes and deploys of a service have a budget for each service, the others one for the account.
 *
 * @see https://api-docs.render.com/reference/rate-limiting
 */
const LIMIT_CLASSES: readonly LimitClass[] = [
  {
    name: "log-streams",
    calls: /^\w+ \/logs\/streams\/owner\/[^/]+$/,
    limit: 30,
    windowMs: MINUTE_MS,
  },
  {
    name: "create",
    calls: /^POST \/(?:services|postgres|key-value|redis)$/,
    limit: 20,
    windowMs: HOUR_MS,
  },
  {
    name: "domains",
    calls: /^POST \/services\/[^/]+\/custom-domains$/,
    limit: 50,
    windowMs: HOUR_MS,
  },
  {
    name: "service",
    calls: /^(?:PATCH \/services\/[^/]+|POST \/services\/[^/]+\/(?:deploys|scale|suspend|resume))$/,
    limit: 10,
    windowMs: MINUTE_MS,
    isPerService: true,
  },
  { name: "read", calls: /^GET /, limit: 400, windowMs: MINUTE_MS },
  { name: "write", calls: /^/, limit: 100, windowMs: MINUTE_MS },
];

/** The rest of a budget after one call was counted. */
export interface Budget {
  readonly limit: number;
  /** Never below 0. */
  readonly remaining: number;
  /** Seconds until the window resets, as in Render's header. */
  readonly resetSeconds: number;
  /** The call exceeds the limit. */
  readonly isSpent: boolean;
}

/** Counts calls by class in fixed windows of the cloud's own time. */
export interface RateLimiter {
  /** `path` without `/v1`. */
  readonly count: (method: string, path: string, nowMs: number) => Budget;
  readonly clear: () => void;
}

/** Creates a limiter. */
export function createRateLimiter(): RateLimiter {
  const windows = new Map<string, { endsMs: number; calls: number }>();

  return {
    count(method, path, nowMs) {
      const { name, limit, windowMs, isPerService } = classOf(method, path);
      const key = isPerService ? `${name} ${path.split("/")[2]}` : name;
      const current = windows.get(key);
      const window =
        current && current.endsMs > nowMs ? current : { endsMs: nowMs + windowMs, calls: 0 };

      window.calls += 1;
      windows.set(key, window);
      return {
        limit,
        remaining: Math.max(0, limit - window.calls),
        resetSeconds: Math.ceil((window.endsMs - nowMs) / 1000),
        isSpent: window.calls > limit,
      };
    },
    clear: () => windows.clear(),
  };
}

/** The full budget, for calls while limits are off. */
export function wholeBudget(method: string, path: string): Budget {
  const { limit, windowMs } = classOf(method, path);
  return { limit, remaining: limit, resetSeconds: windowMs / 1000, isSpent: false };
}

function classOf(method: string, path: string): LimitClass {
  const found = LIMIT_CLASSES.find(({ calls }) => calls.test(`${method} ${path}`));
  if (!found) throw new Error(`unreachable: no rate-limit class for ${method} ${path}`);

  return found;
}
