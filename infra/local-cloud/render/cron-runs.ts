import { badRequest, notFound } from "../api-error.ts";
import { nowMs, timestamp } from "../clock.ts";
import type { Cloud, CloudRoutes } from "../cloud.ts";
import { newId } from "../ids.ts";
import { answer, emptyAnswer } from "./answers.ts";
import type { RunRecord, ServiceRecord } from "./records.ts";
import { serviceById } from "./requests.ts";
import { runState } from "./run-states.ts";

/** Runs of one cron job that are kept: two hours of one each minute. */
const RUNS_MAX = 120;

/**
 * `/cron-jobs/{id}/runs`: start one, cancel the one that runs. Render has no list of runs; events tell of them.
 *
 * `lastSuccessfulRunAt` of a cron job tells of runs that really were, and stays absent otherwise.
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

/** The run of a cron job that has not ended, of which there is one at most. */
export function activeRun(cloud: Cloud, serviceId: string): RunRecord | undefined {
  const at = nowMs(cloud.state);
  return Object.values(cloud.state.cronRuns).find(
    (run) =>
      run.serviceId === serviceId && runState(run, cloud.phases.jobMs, at).finishedMs === undefined,
  );
}

/** When the last run that succeeded began, of those that really were. */
export function lastSuccessfulRunAt(cloud: Cloud, serviceId: string): string | undefined {
  return Object.values(cloud.state.cronRuns).findLast(
    ({ serviceId: owner, measured }) => owner === serviceId && measured?.isOk,
  )?.measured?.startedAt;
}

/** One run at a time: a new one takes the place of the one before. */
function cancelActiveRuns(cloud: Cloud, serviceId: string): void {
  const run = activeRun(cloud, serviceId);
  if (run) run.canceledAt = timestamp(nowMs(cloud.state));
}

/** Adds a run that begins as soon as it can. */
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
