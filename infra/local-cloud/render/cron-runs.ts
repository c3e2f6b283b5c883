import { badRequest, notFound } from "../api-error.ts";
import { nowMs, timestamp } from "../clock.ts";
import type { Cloud, CloudRoutes } from "../cloud.ts";
import { newId } from "../ids.ts";
import { answer, emptyAnswer } from "./answers.ts";
import type { RunRecord, ServiceRecord } from "./records.ts";
import { serviceById } from "./requests.ts";
import { runState } from "./run-states.ts";

/**
 * `/cron-jobs/{id}/runs`: start one, cancel the one that runs. Render has no list of runs; events tell of them.
 *
 * Nothing runs here, so `lastSuccessfulRunAt` of a cron job stays absent.
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

/** One run at a time: a new one takes the place of the one before. */
function cancelActiveRuns(cloud: Cloud, serviceId: string): void {
  const at = nowMs(cloud.state);
  for (const run of Object.values(cloud.state.cronRuns)) {
    const isActive = runState(run, cloud.phases.jobMs, at).finishedMs === undefined;
    if (run.serviceId === serviceId && isActive) run.canceledAt = timestamp(at);
  }
}

function newRun(cloud: Cloud, serviceId: string): RunRecord {
  const at = nowMs(cloud.state);
  // The prefix of Render's own ids is unknown.
  const run = { id: newId("crr", at), serviceId, createdAt: timestamp(at) };

  cloud.state.cronRuns[run.id] = run;
  return run;
}

function cronJob(cloud: Cloud, id: string): ServiceRecord {
  const service = serviceById(cloud, id);
  if (service.type !== "cron_job") throw notFound(id);

  return service;
}
