import { RUNTIME_VERSION } from "../version.ts";
import { judgeLiveness, judgeReadiness } from "./check.ts";
import type { HealthView } from "./preset.ts";
import { type ReadMetric, type ReadValue, registerCounter, registerGauge } from "./registry.ts";
import type { JobTally } from "./run-tally.ts";

/**
 * Registers the runtime's metrics. All of them are read from the view at each request, so that the
 * text and the JSON agree. They hold timestamps and no ages, which would change with each request.
 */
export function instrument(view: HealthView): void {
  const gauges = [...processMetrics(view), ...checkMetrics(view), ...reportMetrics(view)];
  for (const it of gauges) registerGauge(view.registry, it);
  for (const it of countMetrics(view)) registerCounter(view.registry, it);
}

function processMetrics({ identity, evidence }: HealthView): ReadMetric[] {
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
      read: () => [[{}, flag(judgeLiveness(evidence()).ok)]],
    },
    {
      name: "opspec_ready",
      help: "1 when requests should come here.",
      read: () => [[{}, flag(judgeReadiness(evidence()).ok)]],
    },
  ];
}

function checkMetrics({ results }: HealthView): ReadMetric[] {
  return [
    {
      name: "opspec_check_ok",
      help: "1 when the last result of a check is ok and not stale.",
      labels: ["check", "kind", "critical"],
      read: () =>
        results().map(({ name, kind, critical, state }) => [
          { check: name, kind, critical: String(critical) },
          flag(state === "ok"),
        ]),
    },
    {
      name: "opspec_check_value",
      help: "The value that a check measured; absent when it could not.",
      labels: ["check"],
      read: () => results().flatMap(({ name, value }) => valued({ check: name }, value)),
    },
    {
      name: "opspec_queue_depth",
      help: "Entries in a queue; absent when it could not be read.",
      labels: ["queue"],
      read: () =>
        results().flatMap(({ queue, value }) =>
          queue === undefined ? [] : valued({ queue }, value),
        ),
    },
    {
      name: "opspec_source_error",
      help: "1 when a source could not be read, so that its values are absent and not 0.",
      labels: ["source"],
      read: () =>
        results().map(({ name, state, value }) => [
          { source: name },
          flag(state !== "ok" && value === undefined),
        ]),
    },
  ];
}

function reportMetrics({ reports, runs }: HealthView): ReadMetric[] {
  return [
    {
      name: "opspec_component_ok",
      help: "1 when the last report of a part of the app was ok.",
      labels: ["component"],
      read: () => [...reports.components()].map(([component, { ok }]) => [{ component }, flag(ok)]),
    },
    {
      name: "opspec_heartbeat_timestamp_seconds",
      help: "When a heartbeat last beat, in seconds since 1970.",
      labels: ["heartbeat"],
      read: () => [...reports.heartbeats()].map(([heartbeat, at]) => [{ heartbeat }, seconds(at)]),
    },
    {
      name: "opspec_job_last_success_timestamp_seconds",
      help: "When a job last succeeded, in seconds since 1970.",
      labels: ["job"],
      read: () =>
        [...runs.jobs()].flatMap(([job, { lastSuccessAt }]) =>
          valued({ job }, lastSuccessAt && seconds(lastSuccessAt)),
        ),
    },
  ];
}

function countMetrics({ runs, events }: HealthView): ReadMetric[] {
  const ofJobs = (read: (tally: JobTally) => number): ReadMetric["read"] => {
    return () => [...runs.jobs()].map(([job, tally]) => [{ job }, read(tally)]);
  };
  return [
    {
      name: "opspec_job_runs_total",
      help: "Finished runs of a job, by status.",
      labels: ["job", "status"],
      read: () =>
        [...runs.jobs()].flatMap(([job, { runs: byStatus }]) =>
          [...byStatus].map(([status, count]): ReadValue => [{ job, status }, count]),
        ),
    },
    {
      name: "opspec_job_attempts_total",
      help: "Attempts of all runs of a job.",
      labels: ["job"],
      read: ofJobs((it) => it.attempts),
    },
    {
      name: "opspec_job_duration_seconds_sum",
      help: "Total duration of all runs of a job.",
      labels: ["job"],
      read: ofJobs((it) => it.durationSum),
    },
    {
      name: "opspec_job_duration_seconds_count",
      help: "Number of runs in the sum.",
      labels: ["job"],
      read: ofJobs((it) => it.durationCount),
    },
    {
      name: "opspec_events_total",
      help: "Events that the app reported.",
      labels: ["event"],
      read: () => events.names().map((event) => [{ event }, events.total(event)]),
    },
  ];
}

function valued(labels: ReadValue[0], value: number | undefined): ReadValue[] {
  return value === undefined ? [] : [[labels, value]];
}

function flag(isSo: boolean): number {
  return isSo ? 1 : 0;
}

function seconds(at: Date): number {
  return at.getTime() / 1000;
}
