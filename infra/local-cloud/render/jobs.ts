import { z } from "zod";

import { badRequest, notFound } from "../api-error.ts";
import { exactTimestamp, nowMs, timestamp } from "../clock.ts";
import type { Cloud, CloudRoutes } from "../cloud.ts";
import { newId } from "../ids.ts";
import { answer, newestFirst, queryOf, readBody, serviceById } from "./requests.ts";
import { isWanted, isWithin, listPage } from "./lists.ts";
import type { JobRecord } from "./records.ts";
import { runState } from "./cron-runs.ts";
import { serviceType } from "./service-types.ts";

const JobBody = z.object({ startCommand: z.string().min(1), planId: z.string().optional() });

const COLLECTION = "/services/:serviceId/jobs";
const ONE = `${COLLECTION}/:jobId` as const;

/** `/services/{id}/jobs`: one-off jobs of a service. They are only recorded here, as succeeded. */
export function addJobRoutes(api: CloudRoutes, cloud: Cloud): void {
  api.get(COLLECTION, (context) => {
    const { id } = serviceById(cloud, context.req.param("serviceId"));
    return answer(200, jobPage(cloud, id, queryOf(context)));
  });

  api.post(COLLECTION, async (context) => {
    const body = await readBody(context, cloud, JobBody);
    const { id, type, suspenders } = serviceById(cloud, context.req.param("serviceId"));
    if (!serviceType(type).isCompute) throw badRequest(`a service of type ${type} runs no jobs`);
    if (suspenders.length > 0) throw badRequest("cannot run a job of a suspended service");

    const job = newJob(cloud, id, body);
    // A new job has no status yet.
    return answer(201, { ...jobView(cloud, job), status: null });
  });

  api.get(ONE, (context) => {
    const { serviceId, jobId } = context.req.param();
    return answer(200, jobView(cloud, jobOf(cloud, serviceId, jobId)));
  });

  api.post(`${ONE}/cancel`, (context) => {
    const { serviceId, jobId } = context.req.param();
    const job = jobOf(cloud, serviceId, jobId);
    const { status, finishedAt } = jobView(cloud, job);
    if (finishedAt !== null) throw badRequest(`cannot cancel a job that is ${status}`);

    job.canceledAt = timestamp(nowMs(cloud.state));
    return answer(200, jobView(cloud, job));
  });
}

function newJob(cloud: Cloud, serviceId: string, body: z.infer<typeof JobBody>): JobRecord {
  const at = nowMs(cloud.state);
  const prefix = serviceId.startsWith("crn-") ? "crn" : "srv";
  const job = {
    id: newId("job", at),
    serviceId,
    createdAt: timestamp(at),
    startCommand: body.startCommand,
    planId: body.planId ?? `plan-${prefix}-002`,
  };

  cloud.state.jobs[job.id] = job;
  return job;
}

function jobOf(cloud: Cloud, serviceId: string, jobId: string): JobRecord {
  const { id } = serviceById(cloud, serviceId);
  const job = cloud.state.jobs[jobId];
  if (job?.serviceId !== id) throw notFound(jobId);

  return job;
}

function jobView(cloud: Cloud, job: JobRecord) {
  const { id, serviceId, createdAt, startCommand, planId } = job;
  const state = runState(job, cloud.phases.jobMs, nowMs(cloud.state));

  return {
    id,
    serviceId,
    createdAt,
    startCommand,
    planId,
    status: state.status,
    startedAt: shown(state.startedMs),
    finishedAt: shown(state.finishedMs),
  };
}

function shown(atMs: number | undefined): string | null {
  return atMs === undefined ? null : exactTimestamp(atMs);
}

function jobPage(cloud: Cloud, serviceId: string, query: URLSearchParams) {
  const views = newestFirst(cloud.state.jobs)
    .filter((it) => it.serviceId === serviceId)
    .map((it) => jobView(cloud, it))
    .filter(
      (it) =>
        isWanted(query, "status", it.status) &&
        isWithin(query, "created", it.createdAt) &&
        isWithin(query, "started", it.startedAt) &&
        isWithin(query, "finished", it.finishedAt),
    );
  return listPage(views, query, { noun: "job", key: ({ id }) => id, view: (it) => it });
}
