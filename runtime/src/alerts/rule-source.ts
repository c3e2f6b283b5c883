import { errorWords } from "../health/error-words.ts";
import type { Health } from "../health/health.ts";
import type { Probe } from "../health/check.ts";
import { queueProbe } from "../health/probes/redis.ts";
import type { Env } from "../contract/env.ts";
import type { AlertRule } from "./rule-verdict.ts";

/** A value, or why there is none. */
export type Reading = { readonly value: number } | { readonly error: string };

/** Where the value of a rule comes from. */
export interface RuleSource {
  read(): Promise<Reading>;
  close(): Promise<void>;
}

/** A queue that does not answer in this time could not be read. */
const TIMEOUT_MS = 5000;

/** Opens the source of one rule; only a queue holds a connection. */
export function openSource(
  { of }: AlertRule,
  { health, env }: { health: Pick<Health, "metricValue" | "eventCount">; env: Env },
): RuleSource {
  if (of.kind === "queue") return queueSource(queueProbe(of, env));
  return {
    read: async () => {
      if (of.kind === "event") return { value: health.eventCount(of.name) };
      const value = await health.metricValue(of.name, of.labels);
      return value === undefined ? { error: "the metric has no value" } : { value };
    },
    close: async () => {},
  };
}

function queueSource({ probe, close }: Probe): RuleSource {
  return {
    read: async () => {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      try {
        const value = (await probe?.(signal))?.value;
        return value === undefined ? { error: "the queue has no depth" } : { value };
      } catch (error) {
        if (signal.aborted) return { error: `no answer within ${TIMEOUT_MS} ms` };
        return { error: errorWords(error) };
      }
    },
    close: async () => close?.(),
  };
}
