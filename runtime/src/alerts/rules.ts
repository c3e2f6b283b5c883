import type { Logger } from "pino";
import type { ManifestAlerts } from "../contract/alert.ts";
import type { AlertSink } from "../contract/alert-event.ts";
import { ConfigurationError } from "../contract/configuration-error.ts";
import type { Env } from "../contract/env.ts";
import type { RuntimeManifest } from "../contract/manifest.ts";
import type { Probe } from "../health/check.ts";
import { errorWords } from "../health/error-words.ts";
import type { Health } from "../health/health.ts";
import { queueProbe } from "../health/probes/databases.ts";
import { type Clock, steadyClock } from "../run/clock.ts";
import {
  SourceAlert,
  startInterval,
  type StatefulAlerts,
  statefulAlerts,
} from "./stateful-alert.ts";

/** Evaluation interval: four times within the shortest useful `for`, which is a minute. */
const EVERY_MS = 15_000;

/** Timeout of reading a queue's length. */
const QUEUE_TIMEOUT_MS = 5000;

/** Default window for growth, rates and numbers of events. */
const WITHIN_SECONDS = 300;

export type AlertRule = NonNullable<ManifestAlerts["rules"]>[number];

export interface RulesOptions {
  readonly manifest: Pick<RuntimeManifest, "system" | "stack" | "process" | "alerts">;
  readonly health: Pick<Health, "metricValue" | "eventCount" | "results">;
  readonly alerts: AlertSink;
  readonly env: Env;
  readonly log: Logger;
  readonly clock?: Clock;
}

/** Rules that are evaluated until they are stopped. */
export interface Rules {
  /** Evaluates all rules now. */
  evaluate(): Promise<void>;
  /** The last result of each rule, and why its source cannot be read. */
  states(): readonly RuleState[];
  stop(): Promise<void>;
}

/** The last result of one rule. */
export interface RuleState {
  readonly name: string;
  /** The conditions that hold, in words. */
  readonly reasons: readonly string[];
  /** Why its source cannot be read. */
  readonly error: string | undefined;
}

/** A measured value. */
interface Sample {
  readonly atMs: number;
  readonly value: number;
  /** Why a check fails. */
  readonly failure?: string | undefined;
}

/** A value, or why it cannot be read. */
type Reading = Omit<Sample, "atMs"> | { readonly error: string };

/** Reads the value of a rule. */
interface RuleSource {
  read(): Promise<Reading>;
  close(): Promise<void>;
}

interface WatchedRule {
  readonly rule: AlertRule;
  readonly source: RuleSource;
  readonly sourceAlert: SourceAlert;
  /** The samples in the window and the last one before it, oldest first. */
  samples: readonly Sample[];
  /** Since when its condition holds without interruption. */
  sinceMs: number | undefined;
  state: RuleState;
}

interface RuleServices {
  readonly stateful: StatefulAlerts;
  readonly log: Logger;
  readonly clock: Clock;
}

/**
 * Evaluates the rules of the manifest. Each rule is one alert that fires while its condition holds.
 * A source that cannot be read is an alert of its own; meanwhile its rule keeps its state.
 */
export function startRules(options: RulesOptions): Rules {
  const { manifest, alerts, log, clock = steadyClock } = options;
  const rules = manifest.alerts?.rules ?? [];
  refuseEmptyRules(rules);
  const services = { stateful: statefulAlerts({ manifest, alerts, clock }), log, clock };
  const watched = rules.map((rule) => watchRule(rule, options, services));
  const evaluateAll = async (): Promise<void> => {
    await Promise.all(watched.map((it) => evaluate(it, services)));
  };
  const interval = startInterval(evaluateAll, EVERY_MS);
  return {
    evaluate: interval.round,
    states: () => watched.map(({ state }) => state),
    stop: async () => {
      await interval.stop();
      await Promise.all(watched.map((it) => it.source.close()));
    },
  };
}

function refuseEmptyRules(rules: readonly AlertRule[]): void {
  const problems = rules.flatMap(({ name, of, above, below, growth, ratePerMinute }) =>
    of.kind !== "check" && (above ?? below ?? growth ?? ratePerMinute) === undefined
      ? [
          {
            where: `alerts/rules/${name}`,
            message: "has no condition, so it never fires.",
            remedy: "Add above, below, growth or ratePerMinute.",
          },
        ]
      : [],
  );
  if (problems.length > 0) throw new ConfigurationError(problems);
}

function watchRule(
  rule: AlertRule,
  options: RulesOptions,
  { stateful, clock }: RuleServices,
): WatchedRule {
  const { name, of } = rule;
  return {
    rule,
    source: openSource(rule, options),
    sourceAlert: new SourceAlert(`rule/${name}/source`, stateful, clock),
    // A process counts events from 0, so the first events are growth.
    samples: of.kind === "event" ? [{ atMs: clock.now().getTime(), value: 0 }] : [],
    sinceMs: undefined,
    state: { name, reasons: [], error: undefined },
  };
}

/** Evaluates a rule with a new sample. It holds when one of its conditions holds. */
async function evaluate(
  watched: WatchedRule,
  { stateful, log, clock }: RuleServices,
): Promise<void> {
  const { rule, source, sourceAlert } = watched;
  const { name, of, withinSeconds = WITHIN_SECONDS, forSeconds = 0 } = rule;
  const reading = await source.read();
  if ("error" in reading) {
    const { error } = reading;
    watched.state = { ...watched.state, error };
    const title = `${name}: its source cannot be read: ${error}`;
    await sourceAlert.unreadable({ title, details: { rule: name, error } }, () => {
      log.warn({ rule: name, error }, "rule cannot be read");
    });
    return;
  }
  const readable = `${name}: its source can be read again`;
  await sourceAlert.readable({ title: readable, details: { rule: name } });
  const { value } = reading;
  const atMs = clock.now().getTime();
  const windowMs = withinSeconds * 1000;
  const samples = [...watched.samples, { ...reading, atMs }];
  const reasons = holding(rule, samples, windowMs);
  watched.samples = recent(samples, atMs - windowMs);
  watched.sinceMs = reasons.length === 0 ? undefined : (watched.sinceMs ?? atMs);
  watched.state = { name, reasons, error: undefined };
  const details = { rule: name, value };
  if (watched.sinceMs === undefined) {
    const over = of.kind === "check" ? "the check succeeds" : `the value is ${value}`;
    const title = `${name}: over, ${over}`;
    await stateful.set(`rule/${name}`, { resolved: { kind: "resolved", title, details } });
  } else if (atMs - watched.sinceMs >= forSeconds * 1000) {
    const title = `${name}: ${reasons.join("; ")}`;
    await stateful.set(`rule/${name}`, { raised: { kind: "rule", title, details } });
  }
}

function holding(rule: AlertRule, samples: readonly Sample[], windowMs: number): string[] {
  const { above, below, growth, ratePerMinute, of } = rule;
  const { value, atMs, failure } = samples.at(-1) ?? { value: 0, atMs: 0 };
  const inWindow = recent(samples, atMs - windowMs);
  // From the lowest value, so that a trim in the window does not hide later growth.
  const grown = value - Math.min(...inWindow.map((it) => it.value));
  const rate = grown / (windowMs / 60_000);
  // Events only count up, so `above` compares their number in the window.
  const height = of.kind === "event" ? grown : value;
  const minutes = `${Math.round(windowMs / 6000) / 10} min`;
  // Too few events are known only of a whole window.
  const isKnown = of.kind !== "event" || (samples[0]?.atMs ?? atMs) <= atMs - windowMs;
  return [
    ...(failure === undefined ? [] : [failure]),
    ...(below !== undefined && isKnown && height < below ? [`${height} is below ${below}`] : []),
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

/** Opens the source of a rule. Only a queue holds a connection. */
function openSource({ of }: AlertRule, { health, env }: RulesOptions): RuleSource {
  if (of.kind === "check") return checkSource(of.name, health);
  if (of.kind === "queue") return queueSource(queueProbe(of, { env }));
  return {
    read: async () => {
      if (of.kind === "event") return { value: health.eventCount(of.name) };
      const value = await health.metricValue(of.name, of.labels);
      const labels = Object.entries(of.labels ?? {}).map(([name, it]) => `${name}="${it}"`);
      const metric = labels.length === 0 ? of.name : `${of.name}{${labels.join(",")}}`;
      return value === undefined ? { error: `the metric ${metric} has no value` } : { value };
    },
    close: async () => {},
  };
}

function checkSource(name: string, { results }: Pick<Health, "results">): RuleSource {
  return {
    read: async () => {
      const check = results().find((it) => it.name === name);
      if (!check) return { error: `this process has no check "${name}"` };
      const { state, error = state } = check;
      if (state === "unknown") return { error };
      if (state === "ok") return { value: 0 };
      return { value: 1, failure: `the check ${name} fails: ${error}` };
    },
    close: async () => {},
  };
}

function queueSource({ probe, close }: Probe): RuleSource {
  return {
    read: async () => {
      const signal = AbortSignal.timeout(QUEUE_TIMEOUT_MS);
      try {
        const value = (await probe?.(signal))?.value;
        return value === undefined ? { error: "the queue has no length" } : { value };
      } catch (error) {
        if (signal.aborted) return { error: `no answer within ${QUEUE_TIMEOUT_MS / 1000} s` };
        return { error: errorWords(error) };
      }
    },
    close: async () => close?.(),
  };
}
