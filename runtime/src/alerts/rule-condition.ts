import type { ManifestAlerts } from "../contract/alert.ts";

export type AlertRule = NonNullable<ManifestAlerts["rules"]>[number];

/** Default window for growth, rates and numbers of events. */
const WITHIN_SECONDS = 300;

/** A measured value. */
export interface Sample {
  readonly atMs: number;
  readonly value: number;
}

/** What one evaluation of a rule leaves to the next. */
export interface RuleHistory {
  /** The samples in the window and the last one before it, oldest first. */
  readonly samples: readonly Sample[];
  /** Since when its condition holds without interruption. */
  readonly sinceMs: number | undefined;
}

/** The result of one evaluation. */
export interface RuleResult {
  readonly history: RuleHistory;
  /** The condition has held for as long as the rule requires. */
  readonly isFiring: boolean;
  /** The conditions that hold now, in words. */
  readonly reasons: readonly string[];
}

/** Evaluates a rule with a new sample. It holds when one of its conditions holds. */
export function evaluateRule(rule: AlertRule, history: RuleHistory, sample: Sample): RuleResult {
  const windowMs = (rule.withinSeconds ?? WITHIN_SECONDS) * 1000;
  const samples = [...history.samples, sample];
  const reasons = holding(rule, samples, windowMs);
  const sinceMs = reasons.length === 0 ? undefined : (history.sinceMs ?? sample.atMs);
  const forMs = (rule.forSeconds ?? 0) * 1000;
  return {
    history: { samples: recent(samples, sample.atMs - windowMs), sinceMs },
    isFiring: sinceMs !== undefined && sample.atMs - sinceMs >= forMs,
    reasons,
  };
}

function holding(rule: AlertRule, samples: readonly Sample[], windowMs: number): string[] {
  const { above, growth, ratePerMinute, of } = rule;
  const { value, atMs } = samples.at(-1) ?? { value: 0, atMs: 0 };
  const inWindow = recent(samples, atMs - windowMs);
  // From the lowest value, so that a trim in the window does not hide later growth.
  const grown = value - Math.min(...inWindow.map((it) => it.value));
  const rate = grown / (windowMs / 60_000);
  // Events only count up, so `above` compares their number in the window.
  const height = of.kind === "event" ? grown : value;
  const minutes = `${Math.round(windowMs / 6000) / 10} min`;
  return [
    ...(above !== undefined && height > above ? [`${height} is above ${above}`] : []),
    ...(growth !== undefined && grown > growth
      ? [`grew by ${grown} within ${minutes}, more than ${growth}`]
      : []),
    ...(ratePerMinute !== undefined && rate > ratePerMinute
      ? [`${rounded(rate)} a minute within ${minutes}, more than ${ratePerMinute}`]
      : []),
  ];
}

/** The samples since a time, and the one before it: the value at the start of the window. */
function recent(samples: readonly Sample[], sinceMs: number): Sample[] {
  const before = samples.findLastIndex((it) => it.atMs <= sinceMs);
  return samples.slice(Math.max(0, before));
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
