import type { Cloud } from "../cloud.ts";
import { lastSuccessfulRunAt } from "./cron-runs.ts";
import { diskOf } from "./disk-rules.ts";
import { notificationOverride } from "./notifications.ts";
import type { BuildDetails, ServiceDetails, ServiceRecord } from "./records.ts";
import { SERVICE_PORT, serviceType } from "./service-types.ts";

/** What the older field says for each value of the notification override that replaced it. */
const NOTIFY_ON_FAIL = {
  default: "default",
  all: "notify",
  failure: "notify",
  none: "ignore",
} as const;

/** A service as Render's API shows it; what is undefined here is absent there. */
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

/** The free plan has no maintenance mode; every other one always shows it. */
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
