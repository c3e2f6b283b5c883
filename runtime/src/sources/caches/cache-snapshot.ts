/** Why a refresh is made, and by whom: `manual` and a user, `startup`, `cron` and a job. */
export interface RefreshRequest {
  readonly trigger: "manual" | "cron" | "startup" | "stale";
  readonly actor: string;
}

/** How a refresh went: `retry_ok` when only its second try was good. */
export type RefreshResult = "ok" | "retry_ok" | "fail";

/** The result of one refresh, with the fields of its log line; see docs/sources.md. */
export interface RefreshOutcome extends RefreshRequest {
  readonly bucket: string;
  /** Of both tries and the wait between them, in ms. */
  readonly duration: number;
  readonly result: RefreshResult;
  readonly retries: number;
  /** Whether the value is too old after it; null where only the app knows. */
  readonly ttl_expired: boolean | null;
  /** Rows or entries; null where none were ever read, or only the app knows. */
  readonly count: number | null;
  /** Of both tries: `a | retry: b`. */
  readonly error: string | null;
}

/** What is known of a cache, for pages and messages. Times are ISO 8601 in UTC. */
export interface CacheSnapshot {
  readonly name: string;
  readonly ttlSeconds: number;
  /** The last good refresh. A failure leaves it as it was. */
  readonly lastRefreshAt: string | null;
  /** From when the next one is due; null before the first. */
  readonly nextRefreshAt: string | null;
  readonly ttlExpired: boolean;
  /** Rows that it holds; null before the first good refresh. */
  readonly count: number | null;
  /** Of the last refresh, its second try included. */
  readonly latencyMs: number | null;
  readonly result: RefreshResult | null;
  readonly error: string | null;
  readonly retries: number;
  readonly trigger: RefreshRequest["trigger"] | null;
  readonly actor: string | null;
}
