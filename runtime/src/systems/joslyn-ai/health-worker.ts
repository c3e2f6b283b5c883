import { type Env, valueOf } from "../../contract/env.ts";
import type { CheckResult } from "../../health/check.ts";
import type { HealthView, Preset, ProbeContext } from "../../health/preset.ts";
import { manifestCheck } from "../../health/probes/manifest-check.ts";
import { json } from "../../http.ts";

/** Least and default value of JOB_STALL_THRESHOLD_SECONDS. */
const STALL_SECONDS = { min: 30, default: 300 };

/** Least and default value of JOB_FAILURE_THRESHOLD. */
const FAILURES = { min: 1, default: 5 };

/** From when on the worker is not ok. */
interface WorkerLimits {
  readonly stallSeconds: number;
  readonly failures: number;
}

/**
 * joslyn-ai's worker: `/health` shows whether it gets work done, `/metrics` is JSON, and everything
 * else is a 404.
 */
export function healthPreset(context: ProbeContext): Preset {
  const { env } = context;
  const limits: WorkerLimits = {
    stallSeconds: numberOf(env, "JOB_STALL_THRESHOLD_SECONDS", STALL_SECONDS),
    failures: numberOf(env, "JOB_FAILURE_THRESHOLD", FAILURES),
  };
  const probe = { kind: "queue", urlEnv: "REDIS_URL", key: "jobs" } as const;
  return {
    requestIdHeaders: ["x-request-id"],
    checks: [manifestCheck({ name: "jobs", kind: "info", probe }, context)],
    routes: (view) => [
      { name: "health", path: "/health", answer: () => health(view, limits) },
      { name: "metrics", path: "/metrics", isGuarded: true, answer: () => metrics(view) },
    ],
  };
}

function health(view: HealthView, limits: WorkerLimits): Response {
  const problems = problemsOf(view, limits);
  const [worst] = problems;
  const reasons = problems.map(({ reason }) => reason);
  return json(worst ? 503 : 200, {
    ok: !worst,
    status: worst?.status ?? "ok",
    reasons,
    state: stateBody(view),
  });
}

/** Everything that is wrong, worst first. */
function problemsOf(
  view: HealthView,
  { stallSeconds, failures }: WorkerLimits,
): { status: string; reason: string }[] {
  const isOlder = (at: Date | undefined, seconds: number): boolean =>
    at !== undefined && view.clock.now().getTime() - at.getTime() > seconds * 1000;
  const { last } = view.runs;
  const isStalled = isOlder(view.runs.current()[0]?.since, stallSeconds);
  const hasBacklog = (jobsQueue(view)?.value ?? 0) > 0;
  const problems: [holds: boolean, status: string, reason: string][] = [
    [isStalled, "stalled", "job_running_longer_than_threshold"],
    [
      !isStalled && hasBacklog && isOlder(last.successAt, stallSeconds),
      "backlog_stalled",
      "queue_backlog_without_recent_success",
    ],
    [last.consecutiveFailures >= failures, "failing", "consecutive_failures_exceeded_threshold"],
    [isOlder(lastSign(view), 2 * stallSeconds), "no_heartbeat", "no_recent_activity"],
  ];
  return problems.flatMap(([holds, status, reason]) => (holds ? [{ status, reason }] : []));
}

function lastSign({ reports, startedAt }: HealthView): Date {
  return reports.lastSign() ?? startedAt;
}

/** The fields of the app's own answer. */
function stateBody(view: HealthView): object {
  const { last } = view.runs;
  const [current] = view.runs.current();
  const queue = jobsQueue(view);
  return {
    started_at: iso(view.startedAt),
    last_heartbeat: iso(lastSign(view)),
    last_queue_depth_check: iso(queue?.checkedAt),
    queue_depth: queue?.value ?? null,
    current_job: current?.runId ?? null,
    current_kind: current?.job ?? null,
    last_job_started: iso(last.startedAt),
    last_job_finished: iso(last.finishedAt),
    last_success: iso(last.successAt),
    last_failure: iso(last.failureAt),
    consecutive_failures: last.consecutiveFailures,
  };
}

function metrics(view: HealthView): Response {
  const jobs = [...view.runs.jobs];
  const counter = (field: "attempts" | "retries" | "success" | "failure"): object =>
    Object.fromEntries(jobs.flatMap(([kind, it]) => (it[field] > 0 ? [[kind, it[field]]] : [])));
  const depths = view.results().filter((it) => it.queue !== undefined);
  const failed = depths.filter((it) => it.value === undefined);
  return json(200, {
    counters: {
      attempts: counter("attempts"),
      retries: counter("retries"),
      success: counter("success"),
      failure: counter("failure"),
    },
    latency_seconds: Object.fromEntries(
      jobs.map(([kind, { success, failure, durationSum, durationMax }]) => {
        const count = success + failure;
        // The app calls its mean p50, and its readers rely on that name.
        return [kind, { count, p50: count === 0 ? 0 : durationSum / count, max: durationMax }];
      }),
    ),
    queue_depths: Object.fromEntries(depths.map((it) => [it.queue, it.value ?? null])),
    ...(failed.length === 0
      ? {}
      : { errors: Object.fromEntries(failed.map((it) => [it.queue, it.error])) }),
  });
}

function jobsQueue(view: HealthView): CheckResult | undefined {
  const queues = view.results().filter((it) => it.queue !== undefined);
  return queues.find((it) => it.queue === "jobs") ?? queues[0];
}

function numberOf(env: Env, name: string, limit: { min: number; default: number }): number {
  const value = Number(valueOf(env, name) ?? limit.default);
  return Number.isFinite(value) ? Math.max(limit.min, value) : limit.default;
}

function iso(at: Date | undefined): string | null {
  return at ? `${at.toISOString().slice(0, 19)}Z` : null;
}
