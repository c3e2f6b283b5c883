import type { RunRecord } from "./records.ts";

/** A run or job at one instant. */
interface RunState {
  readonly status: "pending" | "running" | "succeeded" | "canceled";
  readonly startedMs: number | undefined;
  readonly finishedMs: number | undefined;
}

/** It waits for one step, runs for one step and succeeds, computed from timestamps as deploys are. */
export function runState(run: RunRecord, stepMs: number, atMs: number): RunState {
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
