import { z } from "zod";

import { badRequest } from "../api-error.ts";
import { nowMs, timestamp } from "../clock.ts";
import type { Cloud, CloudRoutes } from "../cloud.ts";
import { answer, emptyAnswer, readBody, serviceById } from "./requests.ts";
import { diskOf, ensureDiskFits } from "./disks.ts";
import type { ServiceDetails, ServiceRecord } from "./records.ts";
import { AutoscalingBody, Instances } from "./service-bodies.ts";
import { serviceType } from "./service-types.ts";

const ScaleBody = z.object({ numInstances: Instances });

/** `/services/{id}/scale`, `/autoscaling` and `/instances`. They take effect at once, without a deploy. */
export function addScaleRoutes(api: CloudRoutes, cloud: Cloud): void {
  api.post("/services/:serviceId/scale", async (context) => {
    const { numInstances } = await readBody(context, cloud, ScaleBody);
    const { details } = scalableService(cloud, context.req.param("serviceId"));

    // While autoscaling is on, it decides; the number counts once autoscaling is deleted.
    const isLater = details.autoscaling?.enabled === true && numInstances !== details.numInstances;
    const { laterInstances: _replaced, ...rest } = details;
    const change = isLater ? { laterInstances: numInstances } : { numInstances };
    rescale(cloud, context.req.param("serviceId"), { ...rest, ...change });
    return emptyAnswer(202);
  });

  api.put("/services/:serviceId/autoscaling", async (context) => {
    const autoscaling = await readBody(context, cloud, AutoscalingBody);
    const { id, details } = scalableService(cloud, context.req.param("serviceId"));

    rescale(cloud, id, { ...details, autoscaling });
    return answer(200, autoscaling);
  });

  api.delete("/services/:serviceId/autoscaling", (context) => {
    const { id, details } = scalableService(cloud, context.req.param("serviceId"));
    const { autoscaling: _removed, laterInstances, ...rest } = details;
    const numInstances = laterInstances ?? rest.numInstances;

    rescale(cloud, id, numInstances === undefined ? rest : { ...rest, numInstances });
    return emptyAnswer(204);
  });

  api.get("/services/:serviceId/instances", (context) =>
    answer(200, instances(serviceById(cloud, context.req.param("serviceId")))),
  );
}

/** Rules about the number of instances that do not depend on a disk. */
export function ensureScale({ plan, numInstances = 1, autoscaling }: ServiceDetails): void {
  if (autoscaling && autoscaling.min > autoscaling.max) {
    throw badRequest("autoscaling min must not be greater than max");
  }
  if (plan === "free" && (numInstances > 1 || autoscaling?.enabled)) {
    throw badRequest("plan free has one instance");
  }
}

function scalableService(cloud: Cloud, id: string): ServiceRecord {
  const service = serviceById(cloud, id);
  if (!serviceType(service.type).isScalable) {
    throw badRequest(`cannot scale a service of type ${service.type}`);
  }
  return service;
}

function rescale(cloud: Cloud, id: string, details: ServiceDetails): void {
  const service = { ...serviceById(cloud, id), details };
  const disk = diskOf(cloud, id);

  ensureScale(details);
  if (disk) ensureDiskFits(service, disk);
  cloud.state.services[id] = { ...service, updatedAt: timestamp(nowMs(cloud.state)) };
}

/** Ids end in five characters that are stable per instance. */
function instances({ id, details, createdAt, suspenders }: ServiceRecord) {
  const count = suspenders.length > 0 ? 0 : (details.autoscaling?.min ?? details.numInstances ?? 0);
  return Array.from({ length: count }, (_, index) => ({
    id: `${id}-${String(index).padStart(5, "0")}`,
    createdAt,
  }));
}
