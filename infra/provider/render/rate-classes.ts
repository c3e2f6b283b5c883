/** Calls that share one of Render's budgets. */
export interface RateClass {
  /** What the calls do, for messages: `20 calls an hour that …`. */
  readonly what: string;
  /** Matches `METHOD /path`. */
  readonly calls: RegExp;
  /** Calls in one window; an answer may say another number. */
  readonly limit: number;
  readonly windowMs: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Calls on one service of which Render counts together what builds or restarts it. */
const SERVICE_CALLS =
  /^(?:PATCH \/services\/[^/]+|POST \/services\/[^/]+\/(?:deploys|scale|suspend|resume))$/;

/**
 * Render's budgets, the most special first.
 *
 * Which calls share one is documented. The limits and windows are those of the `Ratelimit-Limit` and
 * the longest `Ratelimit-Reset` headers in recorded traffic, where they are other than documented;
 * what an answer says counts for more. What Render counts for each service is taken for the account's
 * here: the answers then say that hardly any of it is spent.
 *
 * @see https://api-docs.render.com/reference/rate-limiting
 */
const RATE_CLASSES: readonly RateClass[] = [
  {
    what: "create a service or a datastore",
    calls: /^POST \/(?:services|postgres|key-value|redis)$/,
    limit: 20,
    windowMs: HOUR_MS,
  },
  {
    what: "add a domain",
    calls: /^POST \/services\/[^/]+\/custom-domains$/,
    limit: 50,
    windowMs: HOUR_MS,
  },
  { what: "change or deploy a service", calls: SERVICE_CALLS, limit: 10, windowMs: MINUTE_MS },
  { what: "read", calls: /^GET /, limit: 400, windowMs: MINUTE_MS },
  { what: "write", calls: /^/, limit: 100, windowMs: MINUTE_MS },
];

/** The class of a call. `path` is without the query. */
export function rateClassOf(method: string, path: string): RateClass {
  const found = RATE_CLASSES.find(({ calls }) => calls.test(`${method} ${path}`));
  if (!found) throw new Error(`unreachable: no rate class for ${method} ${path}`);
  return found;
}
