import { type Env, valueOf } from "../../contract/env.ts";
import type { CheckResult } from "../../health/check.ts";
import type { Answer, Preset } from "../../health/preset.ts";
import type { ProbeContext } from "../../health/preset.ts";
import { queueProbe } from "../../health/probes/redis.ts";
import type { HealthView } from "../../health/preset.ts";
import { judgeWorker, type WorkerLimits, type WorkerState } from "./worker-verdict.ts";

/** The least that JOB_STALL_THRESHOLD_SECONDS may say, and what holds without it. */
const STALL_SECONDS = { min: 30, default: 300 };

/** What holds without JOB_FAILURE_THRESHOLD. */
const FAILURES = { min: 1, default: 5 };

/**
 * joslyn-ai's worker: `/health` says whether it gets work done, `/metrics` is JSON, and everything
 * else is a 404.
 */
export function healthPreset({ env }: ProbeContext): Preset {
  const limits: WorkerLimits = {
    stallSeconds: numberOf(env, "JOB_STALL_THRESHOLD_SECONDS", STALL_SECONDS),
    failures: numberOf(env, "JOB_FAILURE_THRESHOLD", FAILURES),
  };
  const queue = queueProbe({ urlEnv: "REDIS_URL", key: "jobs" }, env);
  return {
    requestIdHeaders: ["x-request-id"],
    checks: [{ name: "jobs", kind: "info", probeKind: "queue", queue: "jobs", ...queue }],
    routes: (view) => [
      { name: "health", path: "/health", answer: () => health(view, limits) },
      { name: "metrics", path: "/metrics", isGuarded: true, answer: () => metrics(view) },
    ],
  };
}

function health(view: HealthView, limits: WorkerLimits): Answer {
  const state = stateOf(view);
  const { ok, status, reasons } = judgeWorker(state, limits, view.clock.now());
  return { status: ok ? 200 : 503, body: { ok, status, reasons, state: stateBody(view, state) } };
}

function stateOf(view: HealthView): WorkerState {
  const [current] = view.runs.current();
  return {
    current,
    queueDepth: jobsQueue(view)?.value,
    lastSuccessAt: view.runs.last.successAt,
    lastSignAt: view.reports.lastSign() ?? view.startedAt,
    consecutiveFailures: view.runs.last.consecutiveFailures,
  };
}

/** The fields of the app's own answer. */
function stateBody(view: HealthView, state: WorkerState): object {
  const { last } = view.runs;
  return {
    started_at: iso(view.startedAt),
    last_heartbeat: iso(state.lastSignAt),
    last_queue_depth_check: iso(jobsQueue(view)?.checkedAt),
    queue_depth: state.queueDepth ?? null,
    current_job: state.current?.runId ?? null,
    current_kind: state.current?.job ?? null,
    last_job_started: iso(last.startedAt),
    last_job_finished: iso(last.finishedAt),
    last_success: iso(last.successAt),
    last_failure: iso(last.failureAt),
    consecutive_failures: last.consecutiveFailures,
  };
}

function metrics(view: HealthView): Answer {
  const jobs = [...view.runs.jobs()];
  const counter = (field: "attempts" | "retries" | "success" | "failure"): object =>
    Object.fromEntries(jobs.flatMap(([kind, it]) => (it[field] > 0 ? [[kind, it[field]]] : [])));
  const depths = view.results().filter((it) => it.queue !== undefined);
  const failed = depths.filter((it) => it.value === undefined);
  return {
    status: 200,
    body: {
      counters: {
        attempts: counter("attempts"),
        retries: counter("retries"),
        success: counter("success"),
        failure: counter("failure"),
      },
      latency_seconds: Object.fromEntries(
        jobs.map(([kind, { durationCount: count, durationSum, durationMax }]) => [
          kind,
          // The app calls its mean p50, and its readers know it as that.
          { count, p50: count === 0 ? 0 : durationSum / count, max: durationMax },
        ]),
      ),
      queue_depths: Object.fromEntries(depths.map((it) => [it.queue, it.value ?? null])),
      ...(failed.length === 0
        ? {}
        : { errors: Object.fromEntries(failed.map((it) => [it.queue, it.error])) }),
    },
  };
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
