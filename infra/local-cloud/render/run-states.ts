import type { MeasuredRun, RunRecord } from "./records.ts";

/** A run or job at one instant. */
interface RunState {
  readonly status: "pending" | "running" | "succeeded" | "failed" | "canceled";
  readonly startedMs: number | undefined;
  readonly finishedMs: number | undefined;
}

/** What was measured; else it waits for one step, runs for one step and succeeds, computed from timestamps as deploys are. */
export function runState(run: RunRecord, stepMs: number, atMs: number): RunState {
  return run.measured ? measuredState(run, run.measured) : plannedState(run, stepMs, atMs);
}

function measuredState({ canceledAt }: RunRecord, measured: MeasuredRun): RunState {
  const startedMs = parsed(measured.startedAt);
  if (canceledAt !== undefined) {
    return { status: "canceled", startedMs, finishedMs: Date.parse(canceledAt) };
  }
  const finishedMs = parsed(measured.finishedAt);
  if (finishedMs !== undefined) {
    return { status: measured.isOk ? "succeeded" : "failed", startedMs, finishedMs };
  }
  return { status: startedMs === undefined ? "pending" : "running", startedMs, finishedMs };
}

function parsed(at: string | undefined): number | undefined {
  return at === undefined ? undefined : Date.parse(at);
}

function plannedState(run: RunRecord, stepMs: number, atMs: number): RunState {
  const createdMs = Date.parse(run.createdAt);
  const startedMs = createdMs + stepMs;
  const finishedMs = startedMs + stepMs;
  const canceledMs = run.canceledAt === undefined ? Infinity : Date.parse(run.canceledAt);
  const started = startedMs <= Math.min(atMs, canceledMs) ? startedMs : undefined;

  if (canceledMs < finishedMs) {
    return { status: "canceled", startedMs: started, finishedMs: canceledMs };
  }
  if (atMs < startedMs) return { status: "pending", startedMs: undefined, finishedMs: undefined };
  if (atMs < finishedMs) return { status: "running", startedMs, finishedMs: undefined };
  return { status: "succeeded", startedMs, finishedMs };
}
