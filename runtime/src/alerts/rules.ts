import type { Logger } from "pino";
import type { AlertSink } from "../contract/alert-event.ts";
import type { RuntimeManifest } from "../contract/manifest.ts";
import type { Health } from "../health/health.ts";
import { type Clock, steadyClock } from "../run/clock.ts";
import { ConfigurationError } from "../contract/configuration-error.ts";
import type { Env } from "../contract/env.ts";
import { createNoticeBoard, type NoticeBoard } from "./notice-board.ts";
import { repeat } from "./repeat.ts";
import { openSource, type Reading, type RuleSource } from "./rule-source.ts";
import { type AlertRule, judgeRule, type RuleMemory } from "./rule-verdict.ts";

/** How often rules are evaluated: four times within the shortest `for` that makes sense, a minute. */
const EVERY_MS = 15_000;

/** A source may be away for so long before that is told: a restart of Redis takes less. */
const UNREAD_MS = 60_000;

/** What rules are evaluated with. */
export interface RulesOptions {
  readonly manifest: Pick<RuntimeManifest, "system" | "stack" | "process" | "alerts">;
  readonly health: Pick<Health, "metricValue" | "eventCount">;
  readonly alerts: AlertSink;
  readonly env: Env;
  readonly log: Logger;
  readonly clock?: Clock;
}

/** Rules that are evaluated until they are stopped. */
export interface Rules {
  /** Evaluates all of them now. */
  evaluate(): Promise<void>;
  stop(): Promise<void>;
}

interface Watched {
  readonly rule: AlertRule;
  readonly source: RuleSource;
  memory: RuleMemory;
  unreadSinceMs: number | undefined;
}

interface Watch {
  readonly board: NoticeBoard;
  readonly log: Logger;
  readonly clock: Clock;
}

/**
 * Evaluates the rules of the manifest: what holds is told once, and once more when it is over.
 *
 * A source that cannot be read is told too; until it can be, its rule stays as it was.
 */
export function startRules(options: RulesOptions): Rules {
  const { manifest, alerts, log, clock = steadyClock } = options;
  const rules = manifest.alerts?.rules ?? [];
  refuseEmpty(rules);
  const watch = { board: createNoticeBoard({ manifest, alerts, clock }), log, clock };
  const watched = rules.map((rule) => watchRule(rule, options, clock));
  const evaluateAll = async (): Promise<void> => {
    await Promise.all(watched.map((it) => evaluate(it, watch)));
  };
  const repeated = repeat(evaluateAll, EVERY_MS);
  return {
    evaluate: repeated.round,
    stop: async () => {
      await repeated.stop();
      await Promise.all(watched.map((it) => it.source.close()));
    },
  };
}

function refuseEmpty(rules: readonly AlertRule[]): void {
  const problems = rules.flatMap(({ name, above, growth, ratePerMinute }) =>
    above === undefined && growth === undefined && ratePerMinute === undefined
      ? [
          {
            where: `alerts/rules/${name}`,
            message: "it has no condition, so it would never fire.",
            remedy: "Give it above, growth or ratePerMinute.",
          },
        ]
      : [],
  );
  if (problems.length > 0) throw new ConfigurationError(problems);
}

function watchRule(rule: AlertRule, options: RulesOptions, clock: Clock): Watched {
  // Events are counted from 0 when the process begins, so the first ones are growth already.
  const samples = rule.of.kind === "event" ? [{ atMs: clock.now().getTime(), value: 0 }] : [];
  const memory = { samples, sinceMs: undefined };
  return { rule, source: openSource(rule, options), memory, unreadSinceMs: undefined };
}

async function evaluate(watched: Watched, watch: Watch): Promise<void> {
  const reading = await watched.source.read();
  const nowMs = watch.clock.now().getTime();
  await noteReading(watched, reading, { ...watch, nowMs });
  if ("error" in reading) return;
  const { rule } = watched;
  const { value } = reading;
  const { memory, isFiring, reasons } = judgeRule(rule, watched.memory, { atMs: nowMs, value });
  watched.memory = memory;
  const key = `rule/${rule.name}`;
  const details = { rule: rule.name, value };
  if (isFiring) {
    const title = `${rule.name}: ${reasons.join("; ")}`;
    await watch.board.set(key, { raised: { kind: "rule", title, details } });
  } else if (reasons.length === 0) {
    const title = `${rule.name}: over, the value is ${value}`;
    await watch.board.set(key, { over: { kind: "resolved", title, details } });
  }
}

/** Silence because nothing can be read is the worst alarm of all. */
async function noteReading(
  watched: Watched,
  reading: Reading,
  { board, log, nowMs }: Watch & { nowMs: number },
): Promise<void> {
  const { name } = watched.rule;
  const key = `rule/${name}/source`;
  if (!("error" in reading)) {
    watched.unreadSinceMs = undefined;
    const title = `${name}: its source can be read again`;
    await board.set(key, { over: { kind: "resolved", title, details: { rule: name } } });
    return;
  }
  const { error } = reading;
  if (watched.unreadSinceMs === undefined) log.warn({ rule: name, error }, "rule not read");
  watched.unreadSinceMs ??= nowMs;
  if (nowMs - watched.unreadSinceMs < UNREAD_MS) return;
  const title = `${name}: its source cannot be read: ${error}`;
  await board.set(key, { raised: { kind: "rule", title, details: { rule: name, error } } });
}
