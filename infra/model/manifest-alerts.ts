import type { RuntimeManifest } from "@opspec/runtime/contract";
import type { AlertsSpec } from "../spec/alert.ts";
import type { JobSpec } from "../spec/job.ts";
import type { StackSpec } from "../spec/stack.ts";
import type { Binding } from "./binding.ts";
import { seconds } from "./duration.ts";
import { given } from "./keyed.ts";
import { manifestChannel } from "./manifest-channel.ts";

type ManifestAlerts = NonNullable<RuntimeManifest["alerts"]>;
type ManifestRule = NonNullable<ManifestAlerts["rules"]>[number];
type RuleSpec = NonNullable<AlertsSpec["rules"]>[string];

/** The parts of a process that decide whether it sends alerts. */
interface Teller {
  readonly process: string;
  readonly jobs: readonly JobSpec[];
  /** It supervises an app and reports its end. */
  readonly hasApp: boolean;
}

/** The alerts of a process; undefined when it sends none. */
export function manifestAlerts(
  spec: StackSpec,
  { process, jobs, hasApp }: Teller,
  binding: Binding,
): ManifestAlerts | undefined {
  const { channels = {}, rules = {}, group, dedupe, repeat, limit } = spec.alerts ?? {};
  const own = Object.entries(rules).filter(([, rule]) => rule.in === process);
  const isNeeded = hasApp || own.length > 0 || jobs.some((it) => it.alerts !== undefined);
  if (!isNeeded || Object.keys(channels).length === 0) return undefined;
  return {
    channels: Object.entries(channels)
      .map(([name, channel]) => manifestChannel(name, channel, binding))
      .toSorted(byName),
    ...given({
      groupSeconds: seconds(group),
      dedupeSeconds: seconds(dedupe),
      repeatSeconds: seconds(repeat),
      limitSeconds: seconds(limit),
      rules:
        own.length === 0
          ? undefined
          : own.map(([name, rule]) => manifestRule(name, rule, binding)).toSorted(byName),
    }),
  };
}

function manifestRule(name: string, rule: RuleSpec, binding: Binding): ManifestRule {
  const forSeconds = seconds(rule.for);
  if ("check" in rule) {
    return { name, of: { kind: "check", name: rule.check }, ...given({ forSeconds }) };
  }
  return {
    name,
    of: measured(rule, binding),
    ...given({
      above: rule.above,
      below: rule.below,
      growth: rule.growth,
      ratePerMinute: rule.ratePerMinute,
      withinSeconds: seconds(rule.within),
      forSeconds,
    }),
  };
}

function measured(
  rule: Exclude<RuleSpec, { check: string }>,
  binding: Binding,
): ManifestRule["of"] {
  if ("queue" in rule) return { kind: "queue", urlEnv: binding.nameOf(rule.of), key: rule.queue };
  if ("event" in rule) return { kind: "event", name: rule.event };
  return { kind: "metric", name: rule.metric, ...given({ labels: rule.labels }) };
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1;
}
