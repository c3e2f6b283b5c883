import type { CurrentRun } from "../../health/run-tally.ts";

/** What a worker of a queue was last seen doing. */
export interface WorkerState {
  readonly current: CurrentRun | undefined;
  /** Undefined when the queue could not be read. */
  readonly queueDepth: number | undefined;
  readonly lastSuccessAt: Date | undefined;
  readonly lastSignAt: Date;
  readonly consecutiveFailures: number;
}

/** From when on it is not well. */
export interface WorkerLimits {
  readonly stallSeconds: number;
  readonly failures: number;
}

/** The words of joslyn-ai's worker for its state. */
export type WorkerStatus = "ok" | "stalled" | "backlog_stalled" | "failing" | "no_heartbeat";

/** How a worker is, and every reason why it is not well. */
export interface WorkerVerdict {
  readonly ok: boolean;
  readonly status: WorkerStatus;
  readonly reasons: readonly string[];
}

/** The first status that holds, worst first, with the reasons of all of them. */
export function judgeWorker(state: WorkerState, limits: WorkerLimits, now: Date): WorkerVerdict {
  const isOlder = (at: Date | undefined, seconds: number): boolean =>
    at !== undefined && now.getTime() - at.getTime() > seconds * 1000;
  const { stallSeconds, failures } = limits;
  const isStalled = isOlder(state.current?.since, stallSeconds);
  const hasBacklog = (state.queueDepth ?? 0) > 0;
  const found: [boolean, WorkerStatus, string][] = [
    [isStalled, "stalled", "job_running_longer_than_threshold"],
    [
      !isStalled && hasBacklog && isOlder(state.lastSuccessAt, stallSeconds),
      "backlog_stalled",
      "queue_backlog_without_recent_success",
    ],
    [state.consecutiveFailures >= failures, "failing", "consecutive_failures_exceeded_threshold"],
    [isOlder(state.lastSignAt, 2 * stallSeconds), "no_heartbeat", "no_recent_activity"],
  ];
  const holding = found.filter(([holds]) => holds);
  return {
    ok: holding.length === 0,
    status: holding[0]?.[1] ?? "ok",
    reasons: holding.map(([, , reason]) => reason),
  };
}
