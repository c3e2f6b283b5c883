import { Counter, type Registry } from "prom-client";
import type { Answer } from "./preset.ts";

/** One value of a metric. */
export interface MetricSample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** The metrics as Prometheus text, or with the same names, labels and values as JSON. */
export async function metricsAnswer(registry: Registry, asJson: boolean): Promise<Answer> {
  if (asJson) return { status: 200, body: { metrics: await readMetrics(registry) } };
  return { status: 200, body: await registry.metrics(), contentType: registry.contentType };
}

/** Every sample by its name in the text: a summary has `_sum` and `_count`. */
async function readMetrics(registry: Registry): Promise<Record<string, MetricSample[]>> {
  const found: Record<string, MetricSample[]> = {};
  for (const { name, values } of await registry.getMetricsAsJSON()) {
    for (const sample of values) {
      const { labels, value } = sample;
      const clean = Object.fromEntries(
        Object.entries(labels).flatMap(([key, it]) => (it === undefined ? [] : [[key, it]])),
      );
      (found[sampleName(sample) ?? name] ??= []).push({ labels: clean, value });
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
 * The value of one metric whose labels include the wanted ones; several are added up. A counter
 * that has not counted yet is 0; anything else without a value is undefined.
 */
export async function metricValue(
  registry: Registry,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number | undefined> {
  const samples = (await readMetrics(registry))[name] ?? [];
  const wanted = Object.entries(labels);
  const matching = samples.filter((it) =>
    wanted.every(([key, value]) => String(it.labels[key]) === value),
  );
  if (matching.length === 0) {
    return registry.getSingleMetric(name) instanceof Counter ? 0 : undefined;
  }
  return matching.reduce((sum, it) => sum + it.value, 0);
}
