import { Counter, Gauge, type Registry } from "prom-client";
import type { Answer } from "./preset.ts";

/** A metric whose values are read at each request for them. */
export interface ReadMetric {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  /** Every value now; the answer has no others. */
  readonly read: () => readonly ReadValue[];
}

export type ReadValue = readonly [
  labels: Readonly<Record<string, string | undefined>>,
  value: number,
];

/** Registers values that go up and down. */
export function registerGauge(registry: Registry, metric: ReadMetric): void {
  const gauge = new Gauge({
    ...settingsOf(metric),
    collect() {
      this.reset();
      for (const [labels, value] of metric.read()) this.set(withoutUndefined(labels), value);
    },
  });
  registry.registerMetric(gauge);
}

/** Registers counts that are kept elsewhere. */
export function registerCounter(registry: Registry, metric: ReadMetric): void {
  const counter = new Counter({
    ...settingsOf(metric),
    collect() {
      this.reset();
      for (const [labels, value] of metric.read()) this.inc(withoutUndefined(labels), value);
    },
  });
  registry.registerMetric(counter);
}

function settingsOf({ name, help, labels = [] }: ReadMetric) {
  return { name, help, labelNames: labels, registers: [] };
}

function withoutUndefined<T>(labels: Readonly<Record<string, T | undefined>>): Record<string, T> {
  return Object.fromEntries(
    Object.entries(labels).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}

/** The metrics as Prometheus text, or with the same names, labels and values as JSON. */
export async function metricsAnswer(registry: Registry, asJson: boolean): Promise<Answer> {
  if (asJson) return { status: 200, body: { metrics: await readMetrics(registry) } };
  return { status: 200, body: await registry.metrics(), contentType: registry.contentType };
}

interface MetricSample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** Every sample by its name in the text: a summary has `_sum` and `_count`. */
async function readMetrics(registry: Registry): Promise<Record<string, MetricSample[]>> {
  const found: Record<string, MetricSample[]> = {};
  for (const { name, values } of await registry.getMetricsAsJSON()) {
    for (const sample of values) {
      const { labels, value } = sample;
      (found[sampleName(sample) ?? name] ??= []).push({ labels: withoutUndefined(labels), value });
    }
  }
  return found;
}

/** The parts of the app's own histograms and summaries have names of their own. */
function sampleName(sample: object): string | undefined {
  return "metricName" in sample && typeof sample.metricName === "string"
    ? sample.metricName
    : undefined;
}

/**
 * The sum of a metric's values whose labels include the given ones. A counter that has not counted
 * yet is 0; any other metric without a value is undefined.
 */
export async function metricValue(
  registry: Registry,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number | undefined> {
  const samples = (await readMetrics(registry))[name] ?? [];
  const matching = samples.filter((it) =>
    Object.entries(labels).every(([key, value]) => String(it.labels[key]) === value),
  );
  if (matching.length === 0) {
    return registry.getSingleMetric(name) instanceof Counter ? 0 : undefined;
  }
  return matching.reduce((sum, it) => sum + it.value, 0);
}
