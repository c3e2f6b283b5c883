import { Counter, Gauge, type Registry } from "prom-client";
import { json } from "../http.ts";
import { RUNTIME_VERSION } from "../version.ts";
import { type CheckResult, livenessProblems, readinessProblems } from "./check.ts";
import type { HealthView } from "./preset.ts";
import type { JobTally } from "./reports.ts";

/** A metric whose values are read at each request for them. */
export interface ReadMetric {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  /** A count that is kept elsewhere; without it, values go up and down. */
  readonly type?: "counter";
  /** Every value now; the answer has no others. A value that is undefined is absent. */
  readonly read: () => readonly ReadValue[];
}

type ReadValue = readonly [Readonly<Record<string, string | undefined>>, number | undefined];

/** Registers metrics, which keep no values of their own. */
export function registerMetrics(registry: Registry, metrics: readonly ReadMetric[]): void {
  for (const { name, help, labels = [], type, read } of metrics) {
    const collect = function (this: Counter | Gauge): void {
      this.reset();
      for (const [own, value] of read()) {
        if (value === undefined) continue;
        const known = Object.fromEntries(Object.entries(own).filter(([, it]) => it !== undefined));
        if (this instanceof Gauge) this.set(known, value);
        else this.inc(known, value);
      }
    };
    const settings = { name, help, labelNames: labels, registers: [registry], collect };
    void (type === "counter" ? new Counter(settings) : new Gauge(settings));
  }
}

/** The metrics as Prometheus text, or with the same names, labels and values as JSON. */
export async function metricsAnswer(registry: Registry, asJson: boolean): Promise<Response> {
  if (asJson) return json(200, { metrics: await readMetrics(registry) });
  const headers = { "content-type": registry.contentType };
  return new Response(await registry.metrics(), { headers });
}

type MetricSample = Readonly<{ labels: Record<string, string | number>; value: number }>;

/** Every sample by its name in the text: parts of histograms and summaries have names of their own. */
async function readMetrics(registry: Registry): Promise<Record<string, MetricSample[]>> {
  const samples: Record<string, MetricSample[]> = {};
  for (const { name, values } of await registry.getMetricsAsJSON()) {
    for (const sample of values as (MetricSample & { readonly metricName?: string })[]) {
      const { labels, value, metricName = name } = sample;
      (samples[metricName] ??= []).push({ labels, value });
    }
  }
  return samples;
}

/**
 * The sum of a metric's values whose labels include the given ones. A counter that has these labels
 * and has not counted yet is 0; any other metric without a value is undefined.
 */
export async function metricValue(
  registry: Registry,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number | undefined> {
  const samples = ((await readMetrics(registry))[name] ?? []).filter((it) =>
    Object.entries(labels).every(([key, value]) => String(it.labels[key]) === value),
  );
  if (samples.length === 0 && !isUncounted(registry, name, Object.keys(labels))) return undefined;
  return samples.reduce((sum, it) => sum + it.value, 0);
}

function isUncounted(registry: Registry, name: string, labels: readonly string[]): boolean {
  const metric = registry.getSingleMetric(name);
  if (!(metric instanceof Counter)) return false;
  // The types of the library leave the names out.
  const { labelNames } = metric as Counter & { readonly labelNames: readonly string[] };
  return labels.every((it) => labelNames.includes(it));
}

/**
 * Registers the runtime's metrics. All of them are read from the view at each request, so that the
 * text and the JSON agree. They hold timestamps and no ages, which would change with each request.
 */
export function instrument(view: HealthView): void {
  const { registry } = view;
  registerMetrics(registry, [...processMetrics(view), ...checkMetrics(view), ...runMetrics(view)]);
}

function processMetrics({ identity, evidence, reports, events }: HealthView): ReadMetric[] {
  const { system, stack, process } = identity;
  return [
    {
      name: "opspec_info",
      help: "Which process this is, and the version of its runtime.",
      labels: ["system", "stack", "process", "version"],
      read: () => [[{ system, stack, process, version: RUNTIME_VERSION }, 1]],
    },
    {
      name: "opspec_live",
      help: "1 when the process should go on running.",
      read: () => [[{}, Number(livenessProblems(evidence()).length === 0)]],
    },
    {
      name: "opspec_ready",
      help: "1 when requests should come here.",
      read: () => [[{}, Number(readinessProblems(evidence()).length === 0)]],
    },
    {
      name: "opspec_component_ok",
      help: "1 when the last report of a part of the app was ok.",
      labels: ["component"],
      read: () => [...reports.components].map(([component, { ok }]) => [{ component }, Number(ok)]),
    },
    {
      name: "opspec_heartbeat_timestamp_seconds",
      help: "When a heartbeat last beat, in seconds since 1970.",
      labels: ["heartbeat"],
      read: () => [...reports.heartbeats].map(([heartbeat, at]) => [{ heartbeat }, seconds(at)]),
    },
    {
      name: "opspec_events_total",
      help: "Events that the app reported.",
      labels: ["event"],
      type: "counter",
      read: () => events.names().map((event) => [{ event }, events.total(event)]),
    },
  ];
}

function checkMetrics({ results }: HealthView): ReadMetric[] {
  const ofChecks = (read: (result: CheckResult) => ReadValue) => () => results().map(read);
  return [
    {
      name: "opspec_check_ok",
      help: "1 when the last result of a check is ok and not stale.",
      labels: ["check", "kind", "critical"],
      read: ofChecks(({ name, kind, critical, state }) => [
        { check: name, kind, critical: String(critical) },
        Number(state === "ok"),
      ]),
    },
    {
      name: "opspec_check_value",
      help: "The value that a check measured; absent when it could not.",
      labels: ["check"],
      read: ofChecks(({ name, value }) => [{ check: name }, value]),
    },
    {
      name: "opspec_queue_depth",
      help: "Entries in a queue; absent when it could not be read.",
      labels: ["queue"],
      read: ofChecks(({ queue, value }) => [{ queue }, queue === undefined ? queue : value]),
    },
    {
      name: "opspec_source_error",
      help: "1 when a source could not be read, so that its values are absent and not 0.",
      labels: ["source"],
      read: ofChecks(({ name, state, value }) => [
        { source: name },
        Number(state !== "ok" && value === undefined),
      ]),
    },
  ];
}

function runMetrics({ runs }: HealthView): ReadMetric[] {
  const ofJobs = (read: (tally: JobTally) => number | undefined) => (): ReadValue[] =>
    [...runs.jobs].map(([job, tally]) => [{ job }, read(tally)]);
  return [
    {
      name: "opspec_job_last_success_timestamp_seconds",
      help: "When a job last succeeded, in seconds since 1970.",
      labels: ["job"],
      read: ofJobs(({ lastSuccessAt }) => lastSuccessAt && seconds(lastSuccessAt)),
    },
    {
      name: "opspec_job_runs_total",
      help: "Finished runs of a job, by status.",
      labels: ["job", "status"],
      type: "counter",
      read: () =>
        [...runs.jobs].flatMap(([job, tally]) =>
          [...tally.runs].map(([status, count]): ReadValue => [{ job, status }, count]),
        ),
    },
    ...COUNTS.map(([name, help, read]): ReadMetric => {
      return { name, help, labels: ["job"], type: "counter", read: ofJobs(read) };
    }),
  ];
}

const COUNTS: readonly (readonly [string, string, (tally: JobTally) => number])[] = [
  ["opspec_job_attempts_total", "Attempts of all runs of a job.", (it) => it.attempts],
  ["opspec_job_duration_seconds_sum", "Duration of all runs of a job.", (it) => it.durationSum],
  ["opspec_job_duration_seconds_count", "Runs in the sum.", (it) => it.success + it.failure],
];

function seconds(at: Date): number {
  return at.getTime() / 1000;
}
