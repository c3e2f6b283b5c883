import { setTimeout as wait } from "node:timers/promises";
import type { Logger } from "pino";
import type { ManifestCache } from "../contract/source.ts";
import type { Clock } from "../run/clock.ts";
import { nowOf, type Row, SourceError } from "./source-reading.ts";

/** Pause between the two attempts of a refresh: most outages of a sheet are shorter. See docs/sources.md. */
const RETRY_SECONDS = 300;

/** The reason for a refresh, and who asked for it: `manual` and a user, `startup`, `cron` and a job. */
export interface RefreshRequest {
  readonly trigger: "manual" | "cron" | "startup" | "stale";
  readonly actor: string;
}

/** `retry_ok`: only the second attempt succeeded. */
export type RefreshResult = "ok" | "retry_ok" | "fail";

/** The result of one refresh, with the fields of its log line; see docs/sources.md. */
export interface RefreshOutcome extends RefreshRequest {
  readonly bucket: string;
  /** Both attempts and the pause, in ms. */
  readonly duration: number;
  readonly result: RefreshResult;
  readonly retries: number;
  /** Whether the value is still too old; null where only the app knows. */
  readonly ttl_expired: boolean | null;
  /** Number of rows; null before the first good refresh, or where only the app knows. */
  readonly count: number | null;
  /** Of both attempts: `a | retry: b`. */
  readonly error: string | null;
}

/** The state of a cache, for pages and messages. Times are ISO 8601 in UTC. */
export interface CacheSnapshot {
  readonly name: string;
  readonly ttlSeconds: number;
  /** The last good refresh. */
  readonly lastRefreshAt: string | null;
  /** When the next refresh is due; null before the first one. */
  readonly nextRefreshAt: string | null;
  readonly ttlExpired: boolean;
  /** Number of rows; null before the first good refresh. */
  readonly count: number | null;
  /** Of the last refresh, both attempts included. */
  readonly latencyMs: number | null;
  readonly result: RefreshResult | null;
  readonly error: string | null;
  readonly retries: number;
  readonly trigger: RefreshRequest["trigger"] | null;
  readonly actor: string | null;
}

export interface CacheLoader {
  readonly load: () => Promise<Row[]>;
  readonly log: Pick<Logger, "info" | "warn">;
  readonly signal: AbortSignal;
  readonly retryDelayMs?: number;
  readonly clock?: Clock;
}

interface Refresh extends Pick<RefreshOutcome, "result" | "error" | "retries"> {
  readonly request: RefreshRequest;
  readonly latencyMs: number;
}

/** One cache. It is empty before its first refresh. */
export class Cache {
  readonly #cache: ManifestCache;
  readonly #loader: CacheLoader;
  readonly #retryDelayMs: number;
  #held: { readonly rows: Row[]; readonly at: number } | undefined;
  #last: Refresh | undefined;
  #dueAt = Number.NEGATIVE_INFINITY;
  #isDropped = false;
  #inProgress:
    | { readonly done: Promise<RefreshOutcome>; readonly hurry: AbortController }
    | undefined;

  constructor(cache: ManifestCache, loader: CacheLoader) {
    this.#cache = cache;
    this.#loader = loader;
    this.#retryDelayMs = loader.retryDelayMs ?? (cache.retrySeconds ?? RETRY_SECONDS) * 1000;
  }

  rows(): readonly Row[] | undefined {
    return this.#held?.rows;
  }

  /** Whether the value is too old and the last failure long enough ago. */
  isDue(): boolean {
    return nowOf(this.#loader) >= this.#dueAt;
  }

  /** Makes the value too old: the next `get` starts a refresh. */
  expire(): void {
    this.#isDropped = true;
    this.#dueAt = nowOf(this.#loader);
  }

  /** Refreshes the cache, or joins the refresh in progress. It does not reject. */
  refresh(request: RefreshRequest): Promise<RefreshOutcome> {
    if (this.#inProgress) {
      // A person does not want to wait for the second attempt.
      if (request.trigger === "manual") this.#inProgress.hurry.abort();
      return this.#inProgress.done;
    }
    const hurry = new AbortController();
    const done = this.#refreshNow(request, hurry.signal).finally(
      () => (this.#inProgress = undefined),
    );
    this.#inProgress = { done, hurry };
    return done;
  }

  snapshot(): CacheSnapshot {
    const { name, ttlSeconds } = this.#cache;
    const last = this.#last;
    return {
      name,
      ttlSeconds,
      lastRefreshAt: this.#held ? new Date(this.#held.at).toISOString() : null,
      nextRefreshAt: last ? new Date(this.#dueAt).toISOString() : null,
      ttlExpired: this.#isExpired(),
      count: this.#held?.rows.length ?? null,
      latencyMs: last?.latencyMs ?? null,
      result: last?.result ?? null,
      error: last?.error ?? null,
      retries: last?.retries ?? 0,
      trigger: last?.request.trigger ?? null,
      actor: last?.request.actor ?? null,
    };
  }

  async settled(): Promise<void> {
    await this.#inProgress?.done;
  }

  #isExpired(): boolean {
    const validUntil = (this.#held?.at ?? Number.NEGATIVE_INFINITY) + this.#cache.ttlSeconds * 1000;
    return this.#isDropped || nowOf(this.#loader) >= validUntil;
  }

  async #refreshNow(request: RefreshRequest, hurry: AbortSignal): Promise<RefreshOutcome> {
    const startedAt = performance.now();
    const retryDelayMs = this.#retryDelayMs;
    const { rows, ...how } = await loadTwice({ ...this.#loader, retryDelayMs }, hurry);
    const now = nowOf(this.#loader);
    if (rows) {
      this.#held = { rows, at: now };
      this.#isDropped = false;
    }
    this.#dueAt = now + (rows ? this.#cache.ttlSeconds * 1000 : retryDelayMs);
    const duration = Math.round(performance.now() - startedAt);
    this.#last = { request, ...how, latencyMs: duration };
    const { result, retries, error } = how;
    const what = { bucket: this.#cache.name, ...request, duration, result, retries };
    const count = this.#held?.rows.length ?? null;
    const outcome = { ...what, ttl_expired: this.#isExpired(), count, error };
    if (!this.#loader.signal.aborted) logRefresh(this.#loader.log, outcome);
    return outcome;
  }
}

/** Logs a refresh in one line, as a warning when both attempts failed. */
export function logRefresh(log: Pick<Logger, "info" | "warn">, outcome: RefreshOutcome): void {
  if (outcome.result === "fail") log.warn(outcome, "refresh");
  else log.info(outcome, "refresh");
}

interface Loaded extends Pick<Refresh, "result" | "error" | "retries"> {
  readonly rows?: Row[];
}

/** Loads the rows, and tries once more after a pause. `hurry` ends the pause. */
async function loadTwice(
  { load, signal, retryDelayMs }: CacheLoader & { readonly retryDelayMs: number },
  hurry: AbortSignal,
): Promise<Loaded> {
  const first = await attempt(load);
  if (first.rows) return { result: "ok", error: null, retries: 0, rows: first.rows };
  await wait(retryDelayMs, undefined, {
    signal: AbortSignal.any([signal, hurry]),
    // The pause does not keep an idle process alive.
    ref: false,
  }).catch(() => {});
  if (signal.aborted) return { result: "fail", error: first.error, retries: 0 };
  const second = await attempt(load);
  if (second.rows) return { result: "retry_ok", error: first.error, retries: 1, rows: second.rows };
  return { result: "fail", error: `${first.error} | retry: ${second.error}`, retries: 1 };
}

async function attempt(
  load: () => Promise<Row[]>,
): Promise<{ rows: Row[]; error?: never } | { rows?: never; error: string }> {
  try {
    return { rows: await load() };
  } catch (error) {
    // Only our own errors are known to hold no secret.
    return { error: error instanceof SourceError ? error.message : "its source failed" };
  }
}
