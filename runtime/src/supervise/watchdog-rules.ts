import type { RuntimeManifest } from "../contract/manifest.ts";
import type { ManifestApp } from "../contract/app.ts";
import { ConfigurationError, type ConfigurationProblem } from "../contract/configuration-error.ts";
import { valueOf, type Env } from "../contract/env.ts";

type Watchdog = NonNullable<ManifestApp["watchdog"]>;

/** Default check interval in production and elsewhere, in s; see docs/sources.md. */
const CHECK_SECONDS = { production: 360, staging: 60 } as const;

/** The app is stalled after this many missed checks and this many seconds more; see docs/sources.md. */
const CHECKS_MISSED = 3;
const MARGIN_SECONDS = 30;

/** A connection that answers faster than this is alive although it is quiet, in ms; see docs/sources.md. */
const LATENCY_MAX_MS = 10_000;

/** When the app is looked at and what ends its life. */
export interface WatchdogRules {
  readonly checkMs: number;
  readonly stallMs: number;
  readonly disconnectMs: number;
}

/** What is known of the app now. Ages are monotonic, in ms. */
export interface Signs {
  /** Age of the oldest sign of life that is watched; undefined before the first of each. */
  readonly ageMs: number | undefined;
  /** The watched connection as reported last. */
  readonly connection:
    | { readonly ok: boolean; readonly forMs: number; readonly latencyMs: number | undefined }
    | undefined;
}

/** `quiet`: no sign of life, but the connection answers, so there was only nothing to do. */
export type WatchdogVerdict =
  | { readonly is: "alive" | "unknown" | "quiet" }
  | { readonly is: "stalled" | "disconnected"; readonly why: string };

/**
 * The rules with their defaults and with what the variables say.
 *
 * @throws ConfigurationError naming each variable that is no number of seconds
 */
export function watchdogRules(
  watchdog: Watchdog,
  environment: RuntimeManifest["environment"],
  env: Env,
): WatchdogRules {
  const problems: ConfigurationProblem[] = [];
  const seconds = (variable: string | undefined, otherwise: number): number => {
    const said = variable === undefined ? undefined : valueOf(env, variable);
    if (said === undefined || variable === undefined) return otherwise;
    if (/^[1-9]\d{0,6}$/.test(said)) return Number(said);
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

/** Decides whether the app has to be restarted. */
export function judgeSigns(rules: WatchdogRules, { ageMs, connection }: Signs): WatchdogVerdict {
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
