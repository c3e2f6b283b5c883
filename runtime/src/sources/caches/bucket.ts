import { setTimeout as wait } from "node:timers/promises";
import type { Logger } from "pino";
import type { ManifestCache } from "../../contract/source.ts";
import type { Clock } from "../../run/clock.ts";
import type { Row } from "../row.ts";
import { nowOf } from "../source-deps.ts";
import { SourceError } from "../source-error.ts";
import type { CacheSnapshot, RefreshOutcome, RefreshRequest } from "./cache-snapshot.ts";
import { logRefresh } from "./refresh-log.ts";

/** Time between the two attempts of a refresh: most outages of a sheet are shorter; see docs/sources.md. */
const RETRY_SECONDS = 300;

/** What a cache needs. */
export interface BucketDeps {
  readonly load: () => Promise<Row[]>;
  readonly log: Pick<Logger, "info" | "warn">;
  readonly signal: AbortSignal;
  readonly retryDelayMs?: number;
  readonly clock?: Clock;
}

/** One cache. */
export interface Bucket {
  rows(): readonly Row[] | undefined;
  /** Whether its value is too old, and no failure so recent that another try is too early. */
  isDue(): boolean;
  /** Makes its value too old: the next who gets it starts a refresh. */
  expire(): void;
  /** Refreshes it, or joins the refresh that is under way. It does not fail. */
  refresh(request: RefreshRequest): Promise<RefreshOutcome>;
  snapshot(): CacheSnapshot;
  settled(): Promise<void>;
}

interface Refresh {
  readonly request: RefreshRequest;
  readonly result: RefreshOutcome["result"];
  readonly error: string | null;
  readonly retries: number;
  readonly latencyMs: number;
}

/** A cache that holds nothing yet. */
export function bucketOf(cache: ManifestCache, deps: BucketDeps): Bucket {
  const { retryDelayMs = (cache.retrySeconds ?? RETRY_SECONDS) * 1000 } = deps;
  let held: { readonly rows: Row[]; readonly at: number } | undefined;
  let last: Refresh | undefined;
  let dueAt = Number.NEGATIVE_INFINITY;
  let isDropped = false;
  let underWay:
    | { readonly done: Promise<RefreshOutcome>; readonly hurry: AbortController }
    | undefined;

  const isExpired = () =>
    held === undefined || isDropped || nowOf(deps) >= held.at + cache.ttlSeconds * 1000;
  const snapshot = () => snapshotOf(cache, { held, last, dueAt, ttlExpired: isExpired() });
  const run = async (request: RefreshRequest, hurry: AbortSignal): Promise<RefreshOutcome> => {
    const startedAt = performance.now();
    const { rows, ...outcome } = await loadTwice({ ...deps, retryDelayMs }, hurry);
    if (rows) {
      held = { rows, at: nowOf(deps) };
      isDropped = false;
    }
    dueAt = nowOf(deps) + (rows ? cache.ttlSeconds * 1000 : retryDelayMs);
    last = { request, ...outcome, latencyMs: Math.round(performance.now() - startedAt) };
    const told = outcomeOf(cache.name, last, snapshot());
    if (!deps.signal.aborted) logRefresh(deps.log, told);
    return told;
  };
  return {
    rows: () => held?.rows,
    isDue: () => nowOf(deps) >= dueAt,
    expire() {
      isDropped = true;
      dueAt = nowOf(deps);
    },
    refresh(request) {
      if (underWay) {
        // Somebody who asks for it does not want to wait for the second try.
        if (request.trigger === "manual") underWay.hurry.abort();
        return underWay.done;
      }
      const hurry = new AbortController();
      const done = run(request, hurry.signal).finally(() => (underWay = undefined));
      underWay = { done, hurry };
      return done;
    },
    snapshot,
    settled: async () => void (await underWay?.done),
  };
}

interface Loaded extends Pick<Refresh, "result" | "error" | "retries"> {
  readonly rows?: Row[];
}

/** Loads, and once more after a while when that fails. */
async function loadTwice(
  { load, signal, retryDelayMs }: BucketDeps & { readonly retryDelayMs: number },
  hurry: AbortSignal,
): Promise<Loaded> {
  const first = await attempt(load);
  if (first.rows) return { result: "ok", error: null, retries: 0, rows: first.rows };
  await wait(retryDelayMs, undefined, {
    signal: AbortSignal.any([signal, hurry]),
    // A process that has nothing else to do need not wait for it.
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

interface BucketState {
  readonly held: { readonly rows: readonly Row[]; readonly at: number } | undefined;
  readonly last: Refresh | undefined;
  readonly dueAt: number;
  readonly ttlExpired: boolean;
}

function snapshotOf(
  { name, ttlSeconds }: ManifestCache,
  { held, last, dueAt, ttlExpired }: BucketState,
): CacheSnapshot {
  return {
    name,
    ttlSeconds,
    lastRefreshAt: held ? new Date(held.at).toISOString() : null,
    nextRefreshAt: last ? new Date(dueAt).toISOString() : null,
    ttlExpired,
    count: held?.rows.length ?? null,
    latencyMs: last?.latencyMs ?? null,
    result: last?.result ?? null,
    error: last?.error ?? null,
    retries: last?.retries ?? 0,
    trigger: last?.request.trigger ?? null,
    actor: last?.request.actor ?? null,
  };
}

function outcomeOf(
  bucket: string,
  { request, latencyMs, result, retries, error }: Refresh,
  { ttlExpired, count }: CacheSnapshot,
): RefreshOutcome {
  const how = { duration: latencyMs, result, retries };
  return { bucket, ...request, ...how, ttl_expired: ttlExpired, count, error };
}
