import type { ManifestCache } from "../../contract/source.ts";
import type { Row } from "../row.ts";
import { readSource } from "../source.ts";
import type { SourceDeps } from "../source-deps.ts";
import { type Bucket, type BucketDeps, bucketOf } from "./bucket.ts";
import type { CacheSnapshot, RefreshOutcome, RefreshRequest } from "./cache-snapshot.ts";

/** What a cache holds now, and how it came to it. */
export interface CacheEntry {
  /** Of the last good refresh, however old; undefined before the first. */
  readonly rows: readonly Row[] | undefined;
  readonly snapshot: CacheSnapshot;
}

/**
 * Named data that is refreshed in the background.
 *
 * A stale value is better than none: a source that is away costs nobody his answer.
 */
export interface Caches {
  /** The value at once. One that is too old starts one refresh in the background. */
  get(name: string): CacheEntry | undefined;
  /** Refreshes one now; while a refresh waits for its second try, it is tried at once. */
  refresh(name: string, request: RefreshRequest): Promise<RefreshOutcome> | undefined;
  /** Refreshes all in the background and tells the outcome once. Nobody needs to wait for it. */
  start(onSummary?: (summary: StartSummary) => void): void;
  snapshots(): CacheSnapshot[];
  /** Makes all values too old, so that whoever gets one next starts a refresh of it. */
  expire(): void;
  /** Ends the refreshes that are under way, and waits for their ends. */
  close(): Promise<void>;
}

/** How the refresh of all caches at the start went. */
export interface StartSummary {
  readonly ok: readonly string[];
  readonly failed: readonly string[];
  readonly durationMs: number;
}

/** What caches need: `retryDelayMs` is between the two tries of a refresh, for tests; the manifest says it otherwise. */
export interface CacheDeps extends SourceDeps, Pick<BucketDeps, "log" | "retryDelayMs"> {}

/** Makes the caches of a manifest; nothing is read yet. */
export function openCaches(caches: readonly ManifestCache[] | undefined, deps: CacheDeps): Caches {
  const stop = new AbortController();
  const read = { ...deps, signal: stop.signal };
  const buckets = new Map(
    (caches ?? []).map((cache) => {
      const load = () => readSource(cache.source, read);
      return [cache.name, bucketOf(cache, { ...read, load })];
    }),
  );
  return {
    get(name) {
      const bucket = buckets.get(name);
      if (!bucket) return undefined;
      if (bucket.isDue()) void bucket.refresh({ trigger: "stale", actor: "get" });
      return { rows: bucket.rows(), snapshot: bucket.snapshot() };
    },
    refresh: (name, request) => buckets.get(name)?.refresh(request),
    start: (onSummary) => void startAll([...buckets.values()], deps, onSummary),
    snapshots: () => [...buckets.values()].map((bucket) => bucket.snapshot()),
    expire() {
      for (const bucket of buckets.values()) bucket.expire();
    },
    async close() {
      stop.abort();
      await Promise.all([...buckets.values()].map((bucket) => bucket.settled()));
    },
  };
}

async function startAll(
  buckets: readonly Bucket[],
  { log }: CacheDeps,
  onSummary: (summary: StartSummary) => void = () => {},
): Promise<void> {
  if (buckets.length === 0) return;
  const startedAt = performance.now();
  const request = { trigger: "startup", actor: "startup" } as const;
  const outcomes = await Promise.all(buckets.map((bucket) => bucket.refresh(request)));
  const named = (isOk: boolean) =>
    outcomes.filter(({ result }) => (result !== "fail") === isOk).map(({ bucket }) => bucket);
  const durationMs = Math.round(performance.now() - startedAt);
  const summary = { ok: named(true), failed: named(false), durationMs };
  if (summary.failed.length > 0) log.warn(summary, "caches refreshed at the start");
  else log.info(summary, "caches refreshed at the start");
  onSummary(summary);
}
