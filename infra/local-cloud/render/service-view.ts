import { badRequest } from "../api-error.ts";
import type { Cloud } from "../cloud.ts";
import { lastSuccessfulRunAt } from "./cron-runs.ts";
import { diskOf } from "./disks.ts";
import { fullImagePath } from "./image-path.ts";
import { notificationOverride } from "./notifications.ts";
import type {
  AutoDeployTrigger,
  BuildDetails,
  BuildFilter,
  ServiceDetails,
  ServiceRecord,
  ServiceSource,
} from "./records.ts";
import type { PatchServiceBody } from "./service-bodies.ts";
import { applyDetails } from "./service-details.ts";
import { SERVICE_PORT, serviceType } from "./service-types.ts";

/** The value of the older field for each value of the override that replaced it. */
const NOTIFY_ON_FAIL = {
  default: "default",
  all: "notify",
  failure: "notify",
  none: "ignore",
} as const;

/** A service as Render's API shows it; undefined fields are absent. */
export function serviceView(cloud: Cloud, service: ServiceRecord) {
  const { id, type, name, slug, ownerId, createdAt, updatedAt, rootDir, suspenders } = service;

  return {
    id,
    type,
    name,
    slug,
    ownerId,
    createdAt,
    updatedAt,
    rootDir,
    dashboardUrl: `https://dashboard.render.com/${serviceType(type).short}/${id}`,
    autoDeploy: service.autoDeployTrigger === "off" ? "no" : "yes",
    autoDeployTrigger: service.autoDeployTrigger,
    notifyOnFail: NOTIFY_ON_FAIL[notificationOverride(cloud, id).notificationsToSend],
    suspended: suspenders.length > 0 ? "suspended" : "not_suspended",
    suspenders,
    ...sourceView(cloud, service),
    buildFilter: service.buildFilter,
    environmentId: service.environmentId,
    serviceDetails: detailsView(cloud, service),
  };
}

function sourceView(cloud: Cloud, { source }: ServiceRecord) {
  if ("repo" in source) return source;

  const { imagePath, registryCredentialId } = source;
  return { imagePath, registryCredential: credentialView(cloud, registryCredentialId) };
}

function detailsView(cloud: Cloud, service: ServiceRecord) {
  const { details } = service;
  const row = serviceType(service.type);

  return {
    ...computeView(cloud, service),
    ...(row.isScalable && scalableView(service)),
    ...(service.type === "web_service" && maintenanceView(details)),
    ...fieldView(details),
    url: row.url?.(service.slug),
    lastSuccessfulRunAt: lastSuccessfulRunAt(cloud, service.id),
    openPorts: row.hasPort ? [{ port: SERVICE_PORT, protocol: "TCP" }] : undefined,
    disk: diskView(cloud, service.id),
    buildPlan: "starter",
  };
}

function computeView(cloud: Cloud, { details }: ServiceRecord) {
  if (!details.runtime) return {};

  return {
    runtime: details.runtime,
    env: details.runtime,
    region: details.region,
    plan: details.plan,
    envSpecificDetails: {
      ...(details.build && buildView(cloud, details.build)),
      preDeployCommand: details.preDeployCommand,
    },
  };
}

function scalableView({ id, details }: ServiceRecord) {
  const { numInstances, autoscaling, maxShutdownDelaySeconds, region } = details;

  return {
    numInstances,
    autoscaling,
    maxShutdownDelaySeconds,
    sshAddress: `${id}@ssh.${region}.render.com`,
  };
}

/** Maintenance mode; the free plan has none, every other plan always shows it. */
function maintenanceView({ plan, maintenanceMode }: ServiceDetails) {
  return plan === "free" ? {} : { maintenanceMode: maintenanceMode ?? { enabled: false, uri: "" } };
}

function fieldView(details: ServiceDetails) {
  const { healthCheckPath, ipAllowList, renderSubdomainPolicy, schedule, previews } = details;
  const { buildCommand, publishPath, cacheProfile } = details;

  return {
    healthCheckPath,
    ipAllowList,
    renderSubdomainPolicy,
    schedule,
    buildCommand,
    publishPath,
    cache: cacheProfile && { profile: cacheProfile },
    ...(previews && {
      previews: { generation: previews },
      pullRequestPreviewsEnabled: previews === "automatic" ? "yes" : "no",
    }),
  };
}

function buildView(cloud: Cloud, build: BuildDetails) {
  if ("startCommand" in build) return build;

  const { registryCredentialId, ...docker } = build;
  return { ...docker, registryCredential: credentialView(cloud, registryCredentialId) };
}

function credentialView(cloud: Cloud, id: string | undefined) {
  const credential = id === undefined ? undefined : cloud.state.registryCredentials[id];
  return credential && { id: credential.id, name: credential.name };
}

function diskView(cloud: Cloud, serviceId: string) {
  const disk = diskOf(cloud, serviceId);
  if (!disk) return undefined;

  const { id, name, mountPath, sizeGB } = disk;
  return { id, name, mountPath, sizeGB };
}

/** The default branch. */
const DEFAULT_BRANCH = "main";

/**
 * The service after a change, with the server's normalisation; the given record is not modified.
 *
 * A new service takes the same path, as a change of an empty one.
 */
export function changedService(before: ServiceRecord, body: PatchServiceBody): ServiceRecord {
  const service = structuredClone(before);

  if (body.name !== undefined) service.name = body.name;
  if (body.rootDir !== undefined) service.rootDir = body.rootDir;
  service.source = changedSource(service.source, body);
  service.autoDeployTrigger = changedTrigger(service.autoDeployTrigger, body);
  if (body.buildFilter) applyBuildFilter(service, body.buildFilter);
  applyDetails(service, body.serviceDetails);

  ensureSource(service);
  return service;
}

function changedSource(before: ServiceSource, body: PatchServiceBody): ServiceSource {
  if (body.image) {
    const { imagePath, registryCredentialId } = body.image;
    return { imagePath: fullImagePath(imagePath), registryCredentialId };
  }
  if (body.repo === undefined && body.branch === undefined) return before;

  const kept = "repo" in before ? before : { repo: "", branch: "" };
  return {
    repo: body.repo ?? kept.repo,
    branch: body.branch || kept.branch || DEFAULT_BRANCH,
  };
}

/** `autoDeploy` is the older form of the trigger; when both are sent, the trigger wins. */
function changedTrigger(before: AutoDeployTrigger, body: PatchServiceBody): AutoDeployTrigger {
  if (body.autoDeployTrigger) return body.autoDeployTrigger;
  if (body.autoDeploy === "no") return "off";
  if (body.autoDeploy === "yes") return before === "off" ? "commit" : before;

  return before;
}

/** Two empty lists remove the filter; the key is then absent. */
function applyBuildFilter(
  service: ServiceRecord,
  sent: NonNullable<PatchServiceBody["buildFilter"]>,
): void {
  const filter: BuildFilter = { paths: sent.paths ?? [], ignoredPaths: sent.ignoredPaths ?? [] };
  if (filter.paths.length + filter.ignoredPaths.length > 0) service.buildFilter = filter;
  else delete service.buildFilter;
}

function ensureSource({ source, details }: ServiceRecord): void {
  const isImage = "imagePath" in source;
  if (details.runtime === "image" && !isImage)
    throw badRequest("image is required for runtime image");
  if (details.runtime !== undefined && details.runtime !== "image" && isImage) {
    throw badRequest(`runtime ${details.runtime} cannot use an image; runtime must be image`);
  }
  if (!isImage && source.repo === "") throw badRequest("repo is required");
}
