import type { Logger } from "pino";
import type { ManifestApp } from "../contract/app.ts";
import { ConfigurationError, type ConfigurationProblem } from "../contract/configuration-error.ts";
import { type Env, valueOf } from "../contract/env.ts";
import type { RuntimeManifest } from "../contract/manifest.ts";
import type { Signs } from "./app-api/signs.ts";
import { statusOf, type Upstream } from "./upstream.ts";
import { sleep } from "../run/timer.ts";

type ManifestWatchdog = NonNullable<ManifestApp["watchdog"]>;

/** Default check intervals, in s. See docs/sources.md. */
const CHECK_SECONDS = { production: 360, staging: 60 } as const;

/** The default stall limit is this many missed checks and this margin. */
const CHECKS_MISSED = 3;
const MARGIN_SECONDS = 30;

/** With a connection that answers faster, in ms, a silent app is idle and not stalled. */
const LATENCY_MAX_MS = 10_000;

/** Time for the app to finish its start after its first sign of life, in ms. */
const SETTLE_MS = 5000;

/** Time limit of one request to the watched path, in ms. */
const PAGE_MS = 10_000;

/** Minimum time between two log lines about an idle app, in ms. */
const QUIET_NOTE_MS = 600_000;

/** When the watchdog checks the app, and when it ends it. */
export interface WatchdogRules {
  readonly checkMs: number;
  readonly stallMs: number;
  readonly disconnectMs: number;
}

/**
 * The rules of the manifest and of the variables that it names.
 *
 * @throws ConfigurationError naming each variable that is no number of seconds
 */
export function watchdogRules(
  watchdog: ManifestWatchdog,
  environment: RuntimeManifest["environment"],
  env: Env,
): WatchdogRules {
  const problems: ConfigurationProblem[] = [];
  const seconds = (variable: string | undefined, otherwise: number): number => {
    const value = variable === undefined ? undefined : valueOf(env, variable);
    if (value === undefined || variable === undefined) return otherwise;
    if (/^[1-9]\d{0,6}$/.test(value)) return Number(value);
    const message = "is not a number of seconds from 1 to 9999999.";
    problems.push({ where: variable, message, remedy: "Correct it or remove it." });
    return otherwise;
  };
  const check = seconds(watchdog.checkEnv, watchdog.checkSeconds ?? CHECK_SECONDS[environment]);
  const usual = check * CHECKS_MISSED + MARGIN_SECONDS;
  const stall = seconds(watchdog.stallEnv, watchdog.stallSeconds ?? usual);
  const disconnect = seconds(watchdog.disconnectEnv, watchdog.disconnectSeconds ?? stall);
  if (problems.length > 0) throw new ConfigurationError(problems);
  return { checkMs: check * 1000, stallMs: stall * 1000, disconnectMs: disconnect * 1000 };
}

/** The last signs of life. Ages are monotonic, in ms. */
export interface Life {
  /** Age of the oldest watched sign; undefined before the first of each. */
  readonly ageMs: number | undefined;
  /** The last report about the watched connection. */
  readonly connection:
    | { readonly ok: boolean; readonly forMs: number; readonly latencyMs: number | undefined }
    | undefined;
}

/** `quiet`: no sign of life, but the connection answers, so the app has nothing to do. */
export type WatchdogVerdict =
  | { readonly is: "alive" | "unknown" | "quiet" }
  | { readonly is: "stalled" | "disconnected"; readonly why: string };

/** Decides whether the app must restart. */
export function judgeLife(rules: WatchdogRules, { ageMs, connection }: Life): WatchdogVerdict {
  if (connection && !connection.ok) {
    if (connection.forMs <= rules.disconnectMs) return { is: "alive" };
    return { is: "disconnected", why: `disconnected for ${inSeconds(connection.forMs)}` };
  }
  if (ageMs === undefined) return { is: "unknown" };
  if (ageMs <= rules.stallMs) return { is: "alive" };
  const answers = connection?.latencyMs !== undefined && connection.latencyMs <= LATENCY_MAX_MS;
  return answers
    ? { is: "quiet" }
    : { is: "stalled", why: `no sign of life for ${inSeconds(ageMs)}` };
}

function inSeconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}

export interface WatchdogOptions {
  readonly watchdog: ManifestWatchdog;
  readonly rules: WatchdogRules;
  readonly signs: Signs;
  readonly upstream: () => Upstream | undefined;
  /** Ends the app as failed; resolves when it has ended. */
  readonly fail: (why: string) => Promise<void>;
  readonly log: Logger;
}

export interface Watchdog {
  /** The app restarts: the watchdog expects nothing before its first sign of life. */
  forget(): void;
  stop(): Promise<void>;
}

/** Checks the app's signs of life and ends the app when they are missing for too long. */
export function startWatchdog(options: WatchdogOptions): Watchdog {
  const { watchdog, rules, signs, upstream, fail, log } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  let armedAtMs: number | undefined;
  let pageOkAtMs: number | undefined;
  let notedAtMs = Number.NEGATIVE_INFINITY;

  const forget = (): void => {
    armedAtMs = pageOkAtMs = undefined;
    signs.forget();
  };
  const askPage = async (path: string): Promise<void> => {
    const target = upstream();
    if (!target) return;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(PAGE_MS)]);
    const status = await statusOf(target, path, limit);
    if (status !== undefined && status < 400) pageOkAtMs = performance.now();
  };
  const check = async (): Promise<void> => {
    if (watchdog.path !== undefined) await askPage(watchdog.path);
    const nowMs = performance.now();
    const ageMs = oldestAge([
      ...(watchdog.heartbeat === undefined ? [] : [signs.beatAgeMs(watchdog.heartbeat)]),
      ...(watchdog.path === undefined ? [] : [pageOkAtMs && nowMs - pageOkAtMs]),
    ]);
    const report = watchdog.connection ? signs.connectionOf(watchdog.connection) : undefined;
    if (ageMs === undefined && !report) return;
    armedAtMs ??= nowMs;
    if (nowMs - armedAtMs < Math.min(SETTLE_MS, rules.stallMs)) return;
    const connection = report && { ...report, forMs: nowMs - report.sinceMs };
    const verdict = judgeLife(rules, { ageMs, connection });
    if ("why" in verdict) {
      log.error({ why: verdict.why }, "the watchdog ends the app");
      forget();
      await fail(`watchdog: ${verdict.why}`);
    } else if (verdict.is === "quiet" && nowMs - notedAtMs >= QUIET_NOTE_MS) {
      notedAtMs = nowMs;
      log.info({ ageMs: Math.round(ageMs ?? 0) }, "the app is quiet, and its connection answers");
    }
  };
  const done = repeat(check, rules.checkMs, signal);
  return {
    forget,
    stop: async () => {
      stopping.abort();
      await done;
    },
  };
}

/** Undefined until each sign was seen once. */
function oldestAge(ages: readonly (number | undefined)[]): number | undefined {
  const known = ages.filter((age) => age !== undefined);
  return known.length === ages.length && known.length > 0 ? Math.max(...known) : undefined;
}

async function repeat(check: () => Promise<void>, everyMs: number, signal: AbortSignal) {
  while (!signal.aborted) {
    const startedMs = performance.now();
    await sleep(everyMs, signal);
    if (signal.aborted) return;
    // A suspended process has not received the signs that came meanwhile.
    if (performance.now() - startedMs <= 2 * everyMs) await check();
  }
}
