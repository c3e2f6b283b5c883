import { valueOf } from "../../contract/env.ts";
import type { Check, CheckResult } from "../../health/check.ts";
import { metricsAnswer, registerMetrics } from "../../health/metrics.ts";
import type { HealthView, Preset, ProbeContext } from "../../health/preset.ts";
import { postgresConnection } from "../../databases/postgres.ts";
import { manifestCheck } from "../../health/probes/manifest-check.ts";
import { healthzRoute, readyzRoute } from "../../health/answers.ts";
import { json } from "../../http.ts";

/** The states of a row of `job_runs`. The answer has all of them, also those without a row. */
const JOB_STATES = ["pending", "processing", "done", "error"] as const;

/** The check that counts them. */
const JOB_RUNS = "job_runs";

const JOB_RUNS_QUERY = "select status, count(*)::int as runs from job_runs group by status";

/** The event by which the app reports the outcome of a webhook, with labels `event` and `outcome`. */
const WEBHOOK_EVENT = "webhook";

/** How many runs there are in each state. */
type JobRuns = Readonly<Record<string, number>>;

/**
 * joslyn-ai's API: `/health` and, with the key, the depths of its queues, its job runs and its
 * webhooks as JSON and as Prometheus text.
 *
 * A source that cannot be read is `null` in the JSON with its reason under `errors`, and absent
 * from the text with `joslyn_source_error` at 1. The app's own answers showed 0 instead.
 */
export function healthPreset(context: ProbeContext): Preset {
  const jobRuns = jobRunsCheck(context.env);
  return {
    requestIdHeaders: ["x-request-id"],
    metricsKey: { env: "INTERNAL_API_KEY", header: "x-internal-key" },
    checks: [...queueChecks(context), jobRuns.check],
    routes: (view) => [
      healthzRoute(view, "health"),
      healthzRoute(view),
      readyzRoute(view),
      {
        name: "queues",
        path: "/internal/metrics/queues",
        isGuarded: true,
        answer: () => queues(view, jobRuns.counts()),
      },
      {
        name: "prometheus",
        path: "/internal/metrics/prometheus",
        isGuarded: true,
        answer: ({ wantsJson }) => metricsAnswer(view.registry, wantsJson),
      },
    ],
    instrument: (view) => instrumentApi(view, jobRuns.counts),
  };
}

/** The queues of the app's own answers: the jobs and the dead letters. */
function queueChecks(context: ProbeContext): Check[] {
  const dead = valueOf(context.env, "JOB_DEAD_LETTER_QUEUE") ?? "jobs:dead";
  return ["jobs", dead].map((key) => {
    const probe = { kind: "queue", urlEnv: "REDIS_URL", key } as const;
    return manifestCheck({ name: key, kind: "info", probe }, context);
  });
}

function jobRunsCheck(env: ProbeContext["env"]): { check: Check; counts: () => JobRuns } {
  const connection = postgresConnection("DATABASE_URL", env);
  const none = Object.fromEntries(JOB_STATES.map((state) => [state, 0]));
  let counts: JobRuns = none;
  const check: Check = {
    name: JOB_RUNS,
    kind: "info",
    probe: async (signal) => {
      const rows = await connection.query(JOB_RUNS_QUERY, signal);
      const found = rows.map((row) => [String(row["status"]), Number(row["runs"])]);
      counts = { ...none, ...Object.fromEntries(found) };
      return {};
    },
    close: connection.close,
  };
  return { check, counts: () => counts };
}

function queues({ results, events }: HealthView, counts: JobRuns): Response {
  const sources = sourcesOf(results());
  const depths = sources.filter((it) => it.queue !== undefined);
  const hasRuns = sources.some((it) => it.name === JOB_RUNS && it.state === "ok");
  const errors = sources
    .filter((it) => isUnread(it))
    .map((it) => [sourceName(it), it.error ?? "failed"]);
  return json(200, {
    queues: Object.fromEntries(depths.map((it) => [it.queue, it.value ?? null])),
    job_runs: hasRuns ? counts : null,
    webhooks: Object.fromEntries(webhookCounts(events)),
    ...(errors.length === 0 ? {} : { errors: Object.fromEntries(errors) }),
  });
}

function webhookCounts(events: HealthView["events"]): [string, number][] {
  return events
    .counts(WEBHOOK_EVENT)
    .map(({ labels, count }) => [`${labels["event"]}.${labels["outcome"]}`, count]);
}

function instrumentApi({ registry, results, events }: HealthView, counts: () => JobRuns): void {
  const isOk = (): boolean => results().some((it) => it.name === JOB_RUNS && it.state === "ok");
  registerMetrics(registry, [
    {
      name: "joslyn_queue_depth",
      help: "Number of jobs in a queue; absent when it could not be read.",
      labels: ["queue"],
      read: () =>
        results().map(({ queue, value }) => [{ queue }, queue === undefined ? queue : value]),
    },
    {
      name: "joslyn_job_runs_total",
      help: "Rows of job_runs by status; absent when they could not be read.",
      labels: ["status"],
      read: () => (isOk() ? Object.entries(counts()).map(([status, it]) => [{ status }, it]) : []),
    },
    {
      name: "joslyn_source_error",
      help: "1 when a source of these metrics could not be read.",
      labels: ["source"],
      read: () =>
        sourcesOf(results()).map((it) => [{ source: sourceName(it) }, isUnread(it) ? 1 : 0]),
    },
    {
      name: "joslyn_webhook_events_total",
      help: "Webhooks by their event and their outcome.",
      labels: ["event", "outcome"],
      type: "counter",
      read: () =>
        events
          .counts(WEBHOOK_EVENT)
          .map(({ labels: { event, outcome }, count }) => [{ event, outcome }, count]),
    },
  ]);
}

function sourcesOf(results: readonly CheckResult[]): CheckResult[] {
  return results.filter((it) => it.queue !== undefined || it.name === JOB_RUNS);
}

function sourceName({ queue, name }: CheckResult): string {
  return queue ?? name;
}

function isUnread({ state, value, queue }: CheckResult): boolean {
  return queue === undefined ? state !== "ok" : value === undefined;
}
