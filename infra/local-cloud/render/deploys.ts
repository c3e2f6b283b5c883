import { badRequest, notFound } from "../api-error.ts";
import { exactTimestamp, nowMs, timestamp } from "../clock.ts";
import type { Cloud, CloudRoutes } from "../cloud.ts";
import { deploysOf, startDeploy, statesOf } from "./deploy-start.ts";
import { type DeployRecord, type DeployState, isInProgress } from "./deploy-states.ts";
import { fullImagePath, imageRepository } from "./image-path.ts";
import { isWanted, isWithin, listPage } from "./lists.ts";
import type { ServiceRecord } from "./records.ts";
import { answer, emptyAnswer, queryOf, readBody, serviceById } from "./requests.ts";
import { z } from "zod";

const DeployBody = z.object({
  clearCache: z.enum(["clear", "do_not_clear"]).optional(),
  commitId: z.string().optional(),
  imageUrl: z.string().optional(),
  deployMode: z.enum(["deploy_only", "build_and_deploy"]).optional(),
});

const RollbackBody = z.object({ deployId: z.string() });

/** `/services/{id}/deploys` and `/rollback`. */
export function addDeployRoutes(api: CloudRoutes, cloud: Cloud): void {
  api.get("/services/:serviceId/deploys", (context) => {
    const { id } = serviceById(cloud, context.req.param("serviceId"));
    return answer(200, deployPage(cloud, id, queryOf(context)));
  });

  api.post("/services/:serviceId/deploys", async (context) => {
    const body = await readBody(context, cloud, DeployBody);
    const service = serviceById(cloud, context.req.param("serviceId"));
    ensureDeployable(service);
    ensureBodyFits(service, body);

    const isBuilt = body.deployMode === "deploy_only";
    const { commitId, imageUrl } = body;
    const deploy = startDeploy(cloud, service, { trigger: "api", commitId, imageUrl, isBuilt });
    // A queued deploy is answered without a body, so its id is unknown.
    return deploy.after ? emptyAnswer(202) : answer(201, newView(cloud, service.id, deploy.id));
  });

  api.get("/services/:serviceId/deploys/:deployId", (context) => {
    const { serviceId, deployId } = context.req.param();
    return answer(200, currentView(cloud, serviceById(cloud, serviceId).id, deployId));
  });

  api.post("/services/:serviceId/deploys/:deployId/cancel", (context) => {
    const { serviceId, deployId } = context.req.param();
    cancelDeploy(cloud, serviceById(cloud, serviceId), deployId);
    return answer(200, currentView(cloud, serviceId, deployId));
  });

  addRollbackRoute(api, cloud);
}

function addRollbackRoute(api: CloudRoutes, cloud: Cloud): void {
  api.post("/services/:serviceId/rollback", async (context) => {
    const { deployId } = await readBody(context, cloud, RollbackBody);
    const service = serviceById(cloud, context.req.param("serviceId"));
    const target = currentView(cloud, service.id, deployId);

    ensureDeployable(service);
    if (target.status !== "live" && target.status !== "deactivated") {
      throw badRequest(`cannot roll back to a deploy that was never live: ${deployId}`);
    }
    const deploy = startDeploy(cloud, service, {
      trigger: "rollback",
      commitId: target.commit?.id,
      imageUrl: target.image?.ref,
      isBuilt: true,
    });
    return answer(201, currentView(cloud, service.id, deploy.id));
  });
}

function deployPage(cloud: Cloud, serviceId: string, query: URLSearchParams) {
  const states = statesOf(cloud, serviceId);
  const at = nowMs(cloud.state);
  const views = deploysOf(cloud, serviceId)
    .toReversed()
    .map((it) => deployView(it, states.get(it.id), at))
    .filter(
      (it) =>
        isWanted(query, "status", it.status) &&
        isWithin(query, "created", it.createdAt) &&
        isWithin(query, "updated", it.updatedAt) &&
        isWithin(query, "finished", it.finishedAt),
    );
  return listPage(views, query, { noun: "deploy", key: ({ id }) => id, view: (it) => it });
}

function currentView(cloud: Cloud, serviceId: string, deployId: string) {
  const deploy = cloud.state.deploys[deployId];
  if (deploy?.serviceId !== serviceId) throw notFound(deployId);

  return deployView(deploy, statesOf(cloud, serviceId).get(deployId), nowMs(cloud.state));
}

/** The answer to a new deploy, in which only a finished one has `finishedAt`. */
function newView(cloud: Cloud, serviceId: string, deployId: string) {
  const { finishedAt, ...view } = currentView(cloud, serviceId, deployId);
  return { ...view, finishedAt: finishedAt ?? undefined };
}

function cancelDeploy(cloud: Cloud, { id, type }: ServiceRecord, deployId: string): void {
  const { status } = currentView(cloud, id, deployId);
  if (type === "cron_job") throw badRequest("cannot cancel a deploy of a cron job");
  if (!isInProgress(status)) throw badRequest(`cannot cancel a deploy that is ${status}`);

  const deploy = cloud.state.deploys[deployId];
  if (deploy) deploy.canceledAt = timestamp(nowMs(cloud.state));
}

function ensureDeployable({ suspenders }: ServiceRecord): void {
  if (suspenders.length > 0) throw badRequest("cannot deploy suspended service");
}

function ensureBodyFits({ type, source }: ServiceRecord, body: z.infer<typeof DeployBody>): void {
  const { deployMode, commitId, imageUrl, clearCache } = body;
  if (deployMode === "deploy_only" && (commitId ?? imageUrl ?? clearCache) !== undefined) {
    throw badRequest("deploy_only excludes commitId, imageUrl and clearCache");
  }
  if (commitId !== undefined && type === "cron_job") {
    throw badRequest("commitId is not supported for cron jobs");
  }
  if (imageUrl === undefined) return;

  const current = "imagePath" in source ? imageRepository(source.imagePath) : undefined;
  if (current !== imageRepository(fullImagePath(imageUrl))) {
    throw badRequest("imageUrl must name the host, repository and image of the service");
  }
}

/** A deploy as Render's API shows it. */
function deployView(deploy: DeployRecord, state: DeployState | undefined, atMs: number) {
  if (!state) throw new Error(`unreachable: deploy ${deploy.id} has no state`);

  const { id, trigger, commit, image, createdAt } = deploy;
  const { status, startedMs, endsMs, changedMs } = state;
  const hasStarted = startedMs <= Math.min(atMs, endsMs);
  return {
    id,
    commit,
    image: image ?? undefined,
    status,
    trigger,
    createdAt,
    updatedAt: changedMs === Date.parse(createdAt) ? createdAt : exactTimestamp(changedMs),
    startedAt: hasStarted ? exactTimestamp(startedMs) : null,
    finishedAt: endsMs <= atMs ? exactTimestamp(endsMs) : null,
  };
}
