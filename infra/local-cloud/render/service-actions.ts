import { badRequest } from "../api-error.ts";
import { nowMs, timestamp } from "../clock.ts";
import type { Cloud, CloudRoutes } from "../cloud.ts";
import { emptyAnswer } from "./answers.ts";
import { cancelRunningDeploys, startDeploy } from "./deploy-start.ts";
import { recordEvent } from "./events.ts";
import { serviceById } from "./requests.ts";

/** `/services/{id}/suspend`, `/resume`, `/restart` and `/cache/purge`: no body, no answer. */
export function addServiceActionRoutes(api: CloudRoutes, cloud: Cloud): void {
  api.post("/services/:serviceId/suspend", (context) => {
    const service = serviceById(cloud, context.req.param("serviceId"));

    cancelRunningDeploys(cloud, service.id);
    recordEvent(cloud, service.id, "service_suspended");
    service.suspenders = [...new Set([...service.suspenders, "user"])];
    service.updatedAt = timestamp(nowMs(cloud.state));
    return emptyAnswer(202);
  });

  api.post("/services/:serviceId/resume", (context) => {
    const service = serviceById(cloud, context.req.param("serviceId"));
    if (!service.suspenders.includes("user")) {
      throw badRequest("only services suspended by a user can be resumed");
    }
    recordEvent(cloud, service.id, "service_resumed");
    service.suspenders = service.suspenders.filter((it) => it !== "user");
    service.updatedAt = timestamp(nowMs(cloud.state));
    if (service.suspenders.length === 0)
      startDeploy(cloud, service, { trigger: "service_resumed" });
    return emptyAnswer(202);
  });

  api.post("/services/:serviceId/restart", (context) => {
    const { type, suspenders } = serviceById(cloud, context.req.param("serviceId"));
    if (type === "cron_job") throw badRequest("cannot restart a cron job");
    if (suspenders.length > 0) throw badRequest("cannot restart suspended service");

    cloud.runner?.restart(context.req.param("serviceId"));
    return emptyAnswer(200);
  });

  api.post("/services/:serviceId/cache/purge", (context) => {
    const { type } = serviceById(cloud, context.req.param("serviceId"));
    if (type !== "web_service") throw badRequest(`a service of type ${type} has no cache`);

    return emptyAnswer(202);
  });
}
