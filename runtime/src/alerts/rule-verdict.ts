import type { ManifestAlerts } from "../contract/alert.ts";

export type AlertRule = NonNullable<ManifestAlerts["rules"]>[number];

/** Growth, rates and counts of events are looked at over so long unless the rule says: a rule of thumb of five minutes. */
const WITHIN_SECONDS = 300;

/** What was measured at one moment. */
export interface Sample {
  readonly atMs: number;
  readonly value: number;
}

/** What a rule remembers from one look to the next. */
export interface RuleMemory {
  /** Those within the window and the one before it, oldest first. */
  readonly samples: readonly Sample[];
  /** Since when its condition holds without a break. */
  readonly sinceMs: number | undefined;
}

/** What a look comes to. */
export interface RuleVerdict {
  readonly memory: RuleMemory;
  /** The condition has held for as long as the rule wants. */
  readonly isFiring: boolean;
  /** What holds now, in words; empty when nothing does. */
  readonly reasons: readonly string[];
}

/** Judges a new sample. Several conditions of one rule are alternatives: one that holds is enough. */
export function judgeRule(rule: AlertRule, memory: RuleMemory, sample: Sample): RuleVerdict {
  const windowMs = (rule.withinSeconds ?? WITHIN_SECONDS) * 1000;
  const samples = [...memory.samples, sample];
  const reasons = holding(rule, samples, windowMs);
  const sinceMs = reasons.length === 0 ? undefined : (memory.sinceMs ?? sample.atMs);
  const forMs = (rule.forSeconds ?? 0) * 1000;
  return {
    memory: { samples: recent(samples, sample.atMs - windowMs), sinceMs },
    isFiring: sinceMs !== undefined && sample.atMs - sinceMs >= forMs,
    reasons,
  };
}

function holding(rule: AlertRule, samples: readonly Sample[], windowMs: number): string[] {
  const { above, growth, ratePerMinute, of } = rule;
  const { value, atMs } = samples.at(-1) ?? { value: 0, atMs: 0 };
  const inWindow = recent(samples, atMs - windowMs);
  // The lowest, so that a trim within the window hides no growth after it.
  const grown = value - Math.min(...inWindow.map((it) => it.value));
  const rate = grown / (windowMs / 60_000);
  // Events only ever count up: what can be above a limit is how many there were of late.
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

/** The samples since a moment, and the last one before it: the value with which the window began. */
function recent(samples: readonly Sample[], sinceMs: number): Sample[] {
  const before = samples.findLastIndex((it) => it.atMs <= sinceMs);
  return samples.slice(Math.max(0, before));
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
