import { badRequest, notFound } from "../api-error.ts";
import { nowMs, timestamp } from "../clock.ts";
import type { Cloud, CloudRoutes } from "../cloud.ts";
import { newId } from "../ids.ts";
import type { MeasuredRun, RunRecord, ServiceRecord } from "./records.ts";
import { answer, emptyAnswer, serviceById } from "./requests.ts";
import { Cron } from "croner";

/** Number of runs kept per cron job: two hours of one run a minute. */
const RUNS_MAX = 120;

/**
 * `/cron-jobs/{id}/runs`: starts a run, cancels the active one. Render has no list of runs; events
 * report them.
 *
 * `lastSuccessfulRunAt` of a cron job covers only runs that were executed here, and is absent
 * otherwise.
 */
export function addCronRunRoutes(api: CloudRoutes, cloud: Cloud): void {
  api.post("/cron-jobs/:cronJobId/runs", (context) => {
    const job = cronJob(cloud, context.req.param("cronJobId"));
    if (job.suspenders.length > 0) throw badRequest("cannot run suspended cron job");

    cancelActiveRuns(cloud, job.id);
    const { id, createdAt } = newRun(cloud, job.id);
    return answer(200, { id, status: "pending", startedAt: createdAt, triggeredBy: "you" });
  });

  api.delete("/cron-jobs/:cronJobId/runs", (context) => {
    cancelActiveRuns(cloud, cronJob(cloud, context.req.param("cronJobId")).id);
    return emptyAnswer(204);
  });
}

/** The active run of a cron job; there is at most one. */
export function activeRun(cloud: Cloud, serviceId: string): RunRecord | undefined {
  const at = nowMs(cloud.state);
  return Object.values(cloud.state.cronRuns).find(
    (run) =>
      run.serviceId === serviceId && runState(run, cloud.phases.jobMs, at).finishedMs === undefined,
  );
}

/** Start of the last successful run among those that were executed here. */
export function lastSuccessfulRunAt(cloud: Cloud, serviceId: string): string | undefined {
  return Object.values(cloud.state.cronRuns).findLast(
    ({ serviceId: owner, measured }) => owner === serviceId && measured?.isOk,
  )?.measured?.startedAt;
}

/** Starts a run; it replaces an active one. */
function cancelActiveRuns(cloud: Cloud, serviceId: string): void {
  const run = activeRun(cloud, serviceId);
  if (run) run.canceledAt = timestamp(nowMs(cloud.state));
}

/** Adds a run that starts as soon as possible. */
export function newRun(cloud: Cloud, serviceId: string): RunRecord {
  const at = nowMs(cloud.state);
  // The prefix of Render's own ids is unknown.
  const run: RunRecord = { id: newId("crr", at), serviceId, createdAt: timestamp(at) };
  if (cloud.runner?.runs(serviceById(cloud, serviceId))) run.measured = {};

  cloud.state.cronRuns[run.id] = run;
  forgetOldRuns(cloud, serviceId);
  return run;
}

function forgetOldRuns({ state }: Cloud, serviceId: string): void {
  const runs = Object.values(state.cronRuns).filter((it) => it.serviceId === serviceId);
  for (const { id } of runs.slice(0, -RUNS_MAX)) delete state.cronRuns[id];
}

function cronJob(cloud: Cloud, id: string): ServiceRecord {
  const service = serviceById(cloud, id);
  if (service.type !== "cron_job") throw notFound(id);

  return service;
}

/** A run or job at one instant. */
interface RunState {
  readonly status: "pending" | "running" | "succeeded" | "failed" | "canceled";
  readonly startedMs: number | undefined;
  readonly finishedMs: number | undefined;
}

/**
 * The measured state. Without one, a run waits for one step, runs for one step and succeeds,
 * computed from timestamps like deploys.
 */
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

/** Render accepts five fields in UTC, without seconds and nicknames. */
const OPTIONS = { mode: "5-part", timezone: "UTC", paused: true } as const;

/** Refuses an invalid schedule. */
export function ensureSchedule(schedule: string | undefined): void {
  if (!schedule) throw badRequest("serviceDetails.schedule is required");

  try {
    if (!schedule.startsWith("@") && new Cron(schedule, OPTIONS)) return;
  } catch {
    // Render's own message is unknown, so this one is ours.
  }
  throw badRequest(`invalid schedule: ${schedule} is not a cron expression of five fields`);
}

/** The next run of an accepted schedule; undefined when there is none. */
export function nextRun(schedule: string, afterMs: number): Date | undefined {
  return new Cron(schedule, OPTIONS).nextRun(new Date(afterMs)) ?? undefined;
}
