import type { Signs } from "./app-api/signs.ts";
import type { ManifestApp } from "../contract/app.ts";
import type { Upstream } from "./front.ts";
import { judgeSigns, type WatchdogRules } from "./watchdog-rules.ts";
import type { Logger } from "pino";
import { setTimeout as sleep } from "node:timers/promises";

type Watched = NonNullable<ManifestApp["watchdog"]>;

/** Time after the first sign of life in which the app may still be starting, in ms; see docs/sources.md. */
const SETTLE_MS = 5000;

/** A page that takes longer gives no sign of life, in ms. */
const PAGE_MS = 10_000;

/** Minimum time between two log lines about a quiet app, in ms; see docs/sources.md. */
const QUIET_NOTE_MS = 600_000;

export interface WatchdogOptions {
  readonly watchdog: Watched;
  readonly rules: WatchdogRules;
  readonly signs: Signs;
  readonly upstream: () => Upstream | undefined;
  /** Ends this life of the app; resolves when it is over. */
  readonly fail: (why: string) => Promise<void>;
  readonly log: Logger;
}

export interface Watchdog {
  /** A new life of the app begins: nothing is expected of it before its first sign. */
  forget(): void;
  stop(): Promise<void>;
}

/** Looks at the signs of life of the app and ends it when they stay away for too long. */
export function startWatchdog(options: WatchdogOptions): Watchdog {
  const watch = new Watch(options);
  const stopping = new AbortController();
  const done = watch.run(stopping.signal);
  return {
    forget: () => watch.forget(),
    stop: async () => {
      stopping.abort();
      await done;
    },
  };
}

class Watch {
  readonly #options: WatchdogOptions;
  #armedAtMs: number | undefined;
  #pageOkAtMs: number | undefined;
  #quietNotedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: WatchdogOptions) {
    this.#options = options;
  }

  forget(): void {
    this.#armedAtMs = this.#pageOkAtMs = undefined;
    this.#options.signs.forget();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { checkMs } = this.#options.rules;
    while (!signal.aborted) {
      const beganMs = performance.now();
      await sleep(checkMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      // Who was stopped for so long itself has not seen the signs that came meanwhile.
      if (performance.now() - beganMs > 2 * checkMs) continue;
      await this.#check(signal);
    }
  }

  async #check(signal: AbortSignal): Promise<void> {
    const { watchdog, rules, signs, fail, log } = this.#options;
    if (watchdog.path !== undefined) await this.#askPage(watchdog.path, signal);
    const nowMs = performance.now();
    const ageMs = this.#ageMs(nowMs);
    const seen = watchdog.connection ? signs.connectionOf(watchdog.connection) : undefined;
    if (ageMs === undefined && !seen) return;
    this.#armedAtMs ??= nowMs;
    if (nowMs - this.#armedAtMs < Math.min(SETTLE_MS, rules.stallMs)) return;
    const connection = seen && { ...seen, forMs: nowMs - seen.sinceMs };
    const verdict = judgeSigns(rules, { ageMs, connection });
    if ("why" in verdict) {
      log.error({ why: verdict.why }, "the watchdog ends the app");
      this.forget();
      await fail(`watchdog: ${verdict.why}`);
    } else if (verdict.is === "quiet" && nowMs - this.#quietNotedAtMs >= QUIET_NOTE_MS) {
      this.#quietNotedAtMs = nowMs;
      log.info({ ageMs: Math.round(ageMs ?? 0) }, "the app is quiet, and its connection answers");
    }
  }

  /** Of the oldest of the signs that are watched; undefined until each was seen once. */
  #ageMs(nowMs: number): number | undefined {
    const { watchdog, signs } = this.#options;
    const ages = [
      ...(watchdog.heartbeat === undefined ? [] : [signs.beatAgeMs(watchdog.heartbeat)]),
      ...(watchdog.path === undefined
        ? []
        : [this.#pageOkAtMs === undefined ? undefined : nowMs - this.#pageOkAtMs]),
    ];
    const known = ages.filter((age) => age !== undefined);
    return known.length === ages.length && known.length > 0 ? Math.max(...known) : undefined;
  }

  async #askPage(path: string, stop: AbortSignal): Promise<void> {
    const upstream = this.#options.upstream();
    if (!upstream) return;
    const host = upstream.host.includes(":") ? `[${upstream.host}]` : upstream.host;
    const signal = AbortSignal.any([stop, AbortSignal.timeout(PAGE_MS)]);
    try {
      const answer = await fetch(`http://${host}:${upstream.port}${path}`, {
        signal,
        redirect: "manual",
      });
      await answer.body?.cancel();
      if (answer.status < 400) this.#pageOkAtMs = performance.now();
    } catch {
      // No answer is no sign of life; the age says for how long.
    }
  }
}
