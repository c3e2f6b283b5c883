import { badRequest, conflict } from "../api-error.ts";
import { nowMs, timestamp } from "../clock.ts";
import type { Cloud, CloudRoutes } from "../cloud.ts";
import { newId, randomText } from "../ids.ts";
import { cancelRunningDeploys, startDeploy } from "./deploy-start.ts";
import { diskOf, ensureDiskFits, newDisk } from "./disks.ts";
import { ensureUnique, envVarsFrom } from "./env-bodies.ts";
import { ensureEnvironmentExists } from "./environments.ts";
import { recordEvent } from "./events.ts";
import { isWanted, isWithin, listPage } from "./lists.ts";
import { ensureOwnerId } from "./owners.ts";
import type { ServiceRecord } from "./records.ts";
import { ensureCredentialExists } from "./registry-credentials.ts";
import { answer, emptyAnswer, newestFirst, queryOf, readBody, serviceById } from "./requests.ts";
import {
  type CreateServiceBody,
  createServiceBody,
  patchServiceBody,
  PlanId,
  ServiceTypeBody,
} from "./service-bodies.ts";
import { initialDetails } from "./service-details.ts";
import { changedService, serviceView } from "./service-view.ts";
import { ensureScale } from "./service-scale.ts";
import { serviceType } from "./service-types.ts";
import { headersFrom, routesFrom } from "./static-site.ts";
import type { Table } from "../state.ts";
import type { Context } from "hono";
import { z } from "zod";

/** Length of the suffix when a slug is taken. */
const SLUG_SUFFIX_LENGTH = 4;

/** `/services`: list, create, read, change, delete. */
export function addServiceRoutes(api: CloudRoutes, cloud: Cloud): void {
  api.get("/services", (context) => answer(200, servicePage(cloud, queryOf(context))));

  api.post("/services", async (context) => {
    const service = createService(cloud, await readServiceBody(context, cloud));
    await cloud.runner?.admit(service.id);
    const deploy = startDeploy(cloud, service, { trigger: "api" });
    return answer(201, { deployId: deploy.id, service: serviceView(cloud, service) });
  });

  api.get("/services/:serviceId", (context) =>
    answer(200, serviceView(cloud, serviceById(cloud, context.req.param("serviceId")))),
  );

  api.patch("/services/:serviceId", async (context) => {
    const { id, type } = serviceById(cloud, context.req.param("serviceId"));
    const body = await readBody(context, cloud, patchServiceBody(type));
    const service = changedService(serviceById(cloud, id), body);

    ensureNameIsFree(cloud, service);
    ensureCredentialsExist(cloud, service);
    ensureServiceRules(cloud, service);
    service.updatedAt = timestamp(nowMs(cloud.state));
    cloud.state.services[id] = service;
    await cloud.runner?.admit(id);
    return answer(200, serviceView(cloud, service));
  });

  api.delete("/services/:serviceId", (context) => {
    deleteService(cloud, serviceById(cloud, context.req.param("serviceId")).id);
    return emptyAnswer(204);
  });
}

function servicePage(cloud: Cloud, query: URLSearchParams) {
  const rows = newestFirst(cloud.state.services).filter(
    (it) =>
      isWanted(query, "name", it.name) &&
      isWanted(query, "type", it.type) &&
      isWanted(query, "ownerId", it.ownerId) &&
      isWanted(query, "environmentId", it.environmentId) &&
      isWanted(query, "env", it.details.runtime) &&
      isWanted(query, "region", it.details.region) &&
      isWanted(query, "suspended", it.suspenders.length > 0 ? "suspended" : "not_suspended") &&
      isWithin(query, "created", it.createdAt) &&
      isWithin(query, "updated", it.updatedAt),
  );
  return listPage(rows, query, {
    noun: "service",
    key: ({ id }) => id,
    view: (it) => serviceView(cloud, it),
  });
}

/** The type is read first, because it selects the schema of the details. */
async function readServiceBody(context: Context, cloud: Cloud): Promise<CreateServiceBody> {
  const { type } = await readBody(context, cloud, ServiceTypeBody);
  return readBody(context, cloud, createServiceBody(type));
}

function createService(cloud: Cloud, body: CreateServiceBody): ServiceRecord {
  const { disk } = body.serviceDetails;
  const service = changedService(blankService(cloud, body), body);

  ensureOwnerId(service.ownerId);
  ensureEnvironmentExists(cloud, service.environmentId);
  ensureCredentialsExist(cloud, service);
  ensureUnique(body.secretFiles.map(({ name }) => name));
  ensureNameIsFree(cloud, service);
  ensureScale(service.details);
  if (disk) ensureDiskFits(service, disk);

  cloud.state.services[service.id] = service;
  if (disk) newDisk(cloud, service.id, disk);
  return service;
}

/** A new record with only its unchangeable fields. */
function blankService(cloud: Cloud, body: CreateServiceBody): ServiceRecord {
  const at = nowMs(cloud.state);
  const createdAt = timestamp(at);

  return {
    id: newId(serviceType(body.type).idPrefix, at),
    type: body.type,
    ownerId: body.ownerId,
    name: body.name,
    createdAt,
    updatedAt: createdAt,
    slug: freeSlug(cloud, body.name),
    suspenders: [],
    source: { repo: "", branch: "" },
    rootDir: "",
    autoDeployTrigger: "commit",
    details: initialDetails(body),
    envVars: envVarsFrom(body.envVars),
    secretFiles: body.secretFiles,
    environmentId: body.environmentId,
    headers: headersFrom(cloud, body.serviceDetails.headers ?? []),
    routes: routesFrom(cloud, body.serviceDetails.routes ?? []),
  };
}

function freeSlug(cloud: Cloud, name: string): string {
  const slug = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  const isTaken = Object.values(cloud.state.services).some((it) => it.slug === slug);

  return isTaken ? `${slug}-${randomText(SLUG_SUFFIX_LENGTH)}` : slug;
}

/**
 * Refuses a name that is in use in the workspace. Render documents 409 and 400; which one it sends
 * is unknown.
 */
function ensureNameIsFree(cloud: Cloud, service: ServiceRecord): void {
  const isTaken = Object.values(cloud.state.services).some(
    (it) => it.id !== service.id && it.name === service.name && it.ownerId === service.ownerId,
  );
  if (isTaken) throw conflict(`name already in use: ${service.name}`);
}

function ensureServiceRules(cloud: Cloud, service: ServiceRecord): void {
  const disk = diskOf(cloud, service.id);
  if (disk) ensureDiskFits(service, disk);
}

function ensureCredentialsExist(cloud: Cloud, { source, details }: ServiceRecord): void {
  const { build } = details;
  if ("imagePath" in source) ensureCredentialExists(cloud, source.registryCredentialId);
  if (build && "dockerCommand" in build) ensureCredentialExists(cloud, build.registryCredentialId);
}

/** Deletes a service with everything that belongs to it, and its links to groups. */
function deleteService(cloud: Cloud, id: string): void {
  const { services, disks, deploys, customDomains, cronRuns, jobs, events } = cloud.state;

  delete services[id];
  delete cloud.state.notificationOverrides[id];
  delete cloud.state.logStreams[id];
  for (const table of [disks, deploys, customDomains, cronRuns, jobs, events]) {
    deleteOf(table, id);
  }
  for (const group of Object.values(cloud.state.envGroups)) {
    group.serviceIds = group.serviceIds.filter((it) => it !== id);
  }
}

function deleteOf(table: Table<{ readonly id: string; readonly serviceId: string }>, id: string) {
  for (const row of Object.values(table)) if (row.serviceId === id) delete table[row.id];
}

const PreviewBody = z.object({
  imagePath: z.string().min(1),
  name: z.string().min(1).optional(),
  plan: PlanId.optional(),
});

/** `/services/{id}/preview`: a copy of a service that runs an image, with another image. */
export function addPreviewRoute(api: CloudRoutes, cloud: Cloud): void {
  api.post("/services/:serviceId/preview", async (context) => {
    const { imagePath, name, plan } = await readBody(context, cloud, PreviewBody);
    const parent = serviceById(cloud, context.req.param("serviceId"));
    if (!("imagePath" in parent.source)) {
      throw badRequest("only services that run an image can have a preview by this call");
    }
    const at = nowMs(cloud.state);
    const previewName = name ?? `${parent.name}-preview-${randomText(SLUG_SUFFIX_LENGTH)}`;
    const copy: ServiceRecord = {
      ...structuredClone(parent),
      id: newId(serviceType(parent.type).idPrefix, at),
      name: previewName,
      slug: freeSlug(cloud, previewName),
      createdAt: timestamp(at),
      updatedAt: timestamp(at),
    };
    const serviceDetails = plan === undefined ? {} : { plan };
    const service = changedService(copy, { image: { imagePath }, serviceDetails });
    ensureNameIsFree(cloud, service);
    cloud.state.services[service.id] = service;
    const deploy = startDeploy(cloud, service, { trigger: "api" });
    return answer(200, { deployId: deploy.id, service: serviceView(cloud, service) });
  });
}

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
