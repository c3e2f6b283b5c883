import { badRequest } from "../api-error.ts";
import type { BuildDetails, ServiceDetails, ServiceRecord } from "./records.ts";
import { ensureSchedule } from "./cron-runs.ts";
import type { DetailsInput, EnvSpecificDetails } from "./service-bodies.ts";
import { serviceType } from "./service-types.ts";

/** The default plan; since 2026-08 it is a paid one. */
const DEFAULT_PLAN = "0.5c-512mb";

/**
 * The default details of a new service. Its shutdown delay, its allow-list and the policy of its
 * subdomain are absent until a client sets them.
 */
export function initialDetails(service: Pick<ServiceRecord, "type">): ServiceDetails {
  const row = serviceType(service.type);
  return {
    ...(row.isCompute && { region: "oregon", plan: DEFAULT_PLAN }),
    ...(row.isScalable && { numInstances: 1 }),
    ...((row.isScalable || !row.isCompute) && { previews: "off" as const }),
    ...(service.type === "web_service" && { healthCheckPath: "" }),
    ...(service.type === "static_site" && { buildCommand: "", publishPath: "public" }),
  };
}

/** Merges the request into the service's details. */
export function applyDetails(service: ServiceRecord, input: DetailsInput): void {
  const { details } = service;

  Object.assign(details, plainFields(input));
  applyRuntime(service, input);
  applyPreviews(details, input);
  applyPlan(service, input);
  if (input.cache) details.cacheProfile = input.cache.profile;
  if (service.type === "cron_job") ensureSchedule(details.schedule);
}

/** Fields that are stored as sent. */
function plainFields(input: DetailsInput): Partial<ServiceDetails> {
  const { healthCheckPath, ipAllowList, renderSubdomainPolicy, maintenanceMode } = input;
  const { region, numInstances, autoscaling, maxShutdownDelaySeconds, schedule } = input;
  const { buildCommand, publishPath } = input;
  const sent = {
    healthCheckPath,
    ipAllowList,
    renderSubdomainPolicy,
    maintenanceMode,
    region,
    numInstances,
    autoscaling,
    maxShutdownDelaySeconds,
    schedule,
    buildCommand,
    publishPath,
  };
  return Object.fromEntries(Object.entries(sent).filter(([, value]) => value !== undefined));
}

function applyRuntime({ type, details }: ServiceRecord, input: DetailsInput): void {
  if (!serviceType(type).isCompute) return;

  const runtime = input.runtime ?? input.env ?? details.runtime;
  if (!runtime) throw badRequest("serviceDetails.runtime is required");

  const sent = input.envSpecificDetails ?? {};
  details.runtime = runtime;
  details.build = isDocker(runtime)
    ? dockerBuild(runtime, details.build, sent)
    : nativeBuild(details.build, sent);

  // The command is sent beside the build details or inside them, and read back inside.
  const preDeploy = input.preDeployCommand ?? sent.preDeployCommand;
  if (preDeploy) details.preDeployCommand = preDeploy;
  if (preDeploy === "") delete details.preDeployCommand;
}

function isDocker(runtime: string): boolean {
  return runtime === "docker" || runtime === "image";
}

/** An image is not built, so its context and Dockerfile read back empty. */
function dockerBuild(
  runtime: string,
  before: BuildDetails | undefined,
  sent: EnvSpecificDetails,
): BuildDetails {
  const isImage = runtime === "image";
  const kept = before && "dockerCommand" in before ? before : undefined;
  const credential = sent.registryCredentialId ?? sent.registryCredential?.id;

  return {
    dockerCommand: sent.dockerCommand ?? kept?.dockerCommand ?? "",
    dockerContext: isImage ? "" : sent.dockerContext || kept?.dockerContext || ".",
    dockerfilePath: isImage ? "" : sent.dockerfilePath || kept?.dockerfilePath || "./Dockerfile",
    registryCredentialId: (credential ?? kept?.registryCredentialId) || undefined,
  };
}

function nativeBuild(before: BuildDetails | undefined, sent: EnvSpecificDetails): BuildDetails {
  const kept = before && "startCommand" in before ? before : undefined;
  const buildCommand = sent.buildCommand ?? kept?.buildCommand;
  const startCommand = sent.startCommand ?? kept?.startCommand;
  if (buildCommand === undefined || !startCommand) {
    throw badRequest(
      "envSpecificDetails.buildCommand and startCommand are required for a native runtime",
    );
  }
  return { buildCommand, startCommand };
}

/** `previews.generation` wins over the older field. */
function applyPreviews(details: ServiceDetails, input: DetailsInput): void {
  if (input.previews) details.previews = input.previews.generation;
  else if (input.pullRequestPreviewsEnabled === "yes") details.previews = "automatic";
  else if (input.pullRequestPreviewsEnabled === "no") details.previews = "off";
}

function applyPlan({ type, details }: ServiceRecord, input: DetailsInput): void {
  if (input.plan !== undefined) details.plan = input.plan;
  if (details.plan !== "free") return;

  if (!serviceType(type).hasFreePlan) throw badRequest(`plan free is not available for ${type}`);
  if (input.maintenanceMode) throw badRequest("maintenanceMode is not available on plan free");
}
