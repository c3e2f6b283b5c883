import type { AlertSink } from "../contract/alert-event.ts";
import type { ManifestCache } from "../contract/source.ts";
import type { RuntimeManifest } from "../contract/manifest.ts";
import type { Clock } from "../run/clock.ts";
import { waitAtMost } from "../run/timer.ts";
import { readSource } from "./source.ts";
import type { Row, SourceOptions } from "./source-reading.ts";
import {
  Cache,
  type CacheLoader,
  type CacheSnapshot,
  type RefreshOutcome,
  type RefreshRequest,
} from "./cache.ts";

/** The name for every cache. */
export const ALL_CACHES = "all";

/** A caller waits at most this long for a refresh, in ms; its second attempt may be minutes later. */
const WAIT_MS = 20_000;

/** The rows and the state of a cache. */
export interface CacheEntry {
  /** Of the last good refresh, however old; undefined before the first one. */
  readonly rows: readonly Row[] | undefined;
  readonly snapshot: CacheSnapshot;
}

/**
 * Named data that is refreshed in the background.
 *
 * A caller gets an old value rather than none, and never waits for a source.
 */
export interface Caches {
  /** Returns the value at once. One that is too old starts a refresh in the background. */
  get(name: string): CacheEntry | undefined;
  /** Refreshes a cache now. A refresh that pauses before its second attempt continues at once. */
  refresh(name: string, request: RefreshRequest): Promise<RefreshOutcome> | undefined;
  /** Refreshes all caches in the background and calls `onSummary` once. */
  start(onSummary?: (summary: StartSummary) => void): void;
  snapshots(): CacheSnapshot[];
  /** Makes all values too old: the next `get` of each starts a refresh. */
  expire(): void;
  /** Stops the refreshes and waits for them. */
  close(): Promise<void>;
}

/** The result of the refresh of all caches at the start. */
export interface StartSummary {
  readonly ok: readonly string[];
  readonly failed: readonly string[];
  readonly durationMs: number;
}

/** `retryDelayMs` replaces the manifest's pause between the two attempts of a refresh, for tests. */
export interface CacheOptions extends SourceOptions, Pick<CacheLoader, "log" | "retryDelayMs"> {}

/** Makes the caches of a manifest. It reads nothing yet. */
export function openCaches(
  declared: readonly ManifestCache[] | undefined,
  options: CacheOptions,
): Caches {
  const stop = new AbortController();
  const read = { ...options, signal: stop.signal };
  const caches = new Map(
    (declared ?? []).map((cache) => {
      const load = () => readSource(cache.source, read);
      return [cache.name, new Cache(cache, { ...read, load })];
    }),
  );
  return {
    get(name) {
      const cache = caches.get(name);
      if (!cache) return undefined;
      if (cache.isDue()) void cache.refresh({ trigger: "stale", actor: "get" });
      return { rows: cache.rows(), snapshot: cache.snapshot() };
    },
    refresh: (name, request) => caches.get(name)?.refresh(request),
    start: (onSummary) => void startAll([...caches.values()], options, onSummary),
    snapshots: () => [...caches.values()].map((cache) => cache.snapshot()),
    expire() {
      for (const cache of caches.values()) cache.expire();
    },
    async close() {
      stop.abort();
      await Promise.all([...caches.values()].map((cache) => cache.settled()));
    },
  };
}

async function startAll(
  caches: readonly Cache[],
  { log }: CacheOptions,
  onSummary: (summary: StartSummary) => void = () => {},
): Promise<void> {
  if (caches.length === 0) return;
  const startedAt = performance.now();
  const request = { trigger: "startup", actor: "startup" } as const;
  const outcomes = await Promise.all(caches.map((cache) => cache.refresh(request)));
  const named = (isOk: boolean) =>
    outcomes.filter(({ result }) => (result !== "fail") === isOk).map(({ bucket }) => bucket);
  const durationMs = Math.round(performance.now() - startedAt);
  const summary = { ok: named(true), failed: named(false), durationMs };
  if (summary.failed.length > 0) log.warn(summary, "caches refreshed at the start");
  else log.info(summary, "caches refreshed at the start");
  onSummary(summary);
}

interface SummaryProcess {
  readonly manifest: RuntimeManifest;
  readonly alerts: AlertSink;
  readonly clock: Clock;
}

/**
 * Sends one alert about the refresh of all caches at the start.
 *
 * Its key is the same at every start, so a process that restarts again and again sends one alert.
 */
export async function sendStartSummary(
  { manifest, alerts, clock }: SummaryProcess,
  { ok, failed, durationMs }: StartSummary,
): Promise<void> {
  const { system, stack, process } = manifest;
  const hasFailed = failed.length > 0;
  const count = `${ok.length} of ${ok.length + failed.length} caches of ${process}`;
  const which = hasFailed ? `; not ${failed.join(", ")}` : "";
  await alerts.send({
    key: `${stack}/${process}/caches/${hasFailed ? "fail" : "ok"}`,
    kind: hasFailed ? "fail" : "notice",
    system,
    stack,
    process,
    title: `${stack}: ${count} were refreshed at the start${which}`,
    details: { ok, failed, durationMs },
    at: clock.now().toISOString(),
  });
}

/** The refresh request of a run, from the actor that started the run. */
export function refreshRequestOf(actor: string): RefreshRequest {
  const user = /^manual (.*)$/s.exec(actor)?.[1];
  if (user !== undefined) return { trigger: "manual", actor: user };
  if (actor === "start") return { trigger: "startup", actor: "startup" };
  // See docs/sources.md for the name.
  return { trigger: "cron", actor: "scheduler" };
}

/** The caches of a name or of `all`; undefined when none has the name. */
export function namedCaches(
  caches: Pick<Caches, "snapshots">,
  asked: string,
): readonly string[] | undefined {
  const names = caches.snapshots().map(({ name }) => name);
  if (asked === ALL_CACHES) return names;
  return names.includes(asked) ? [asked] : undefined;
}

/** The refreshes that ended in time, and the names of those that continue. */
export interface BoundedRefresh {
  readonly refreshed: readonly RefreshOutcome[];
  readonly running: readonly string[];
}

/** Refreshes caches in parallel for a caller that cannot wait for minutes. */
export async function refreshBounded(
  caches: Pick<Caches, "refresh">,
  names: readonly string[],
  request: RefreshRequest,
): Promise<BoundedRefresh> {
  const refreshed: RefreshOutcome[] = [];
  const refreshes = names.flatMap((name) => caches.refresh(name, request) ?? []);
  const all = Promise.all(refreshes.map(async (it) => void refreshed.push(await it)));
  await waitAtMost(all, WAIT_MS);
  const running = names.filter((name) => !refreshed.some(({ bucket }) => bucket === name));
  return { refreshed: [...refreshed], running };
}
