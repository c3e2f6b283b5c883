import { badRequest } from "../api-error.ts";
import { applyDetails } from "./service-details.ts";
import { fullImagePath } from "./image-path.ts";
import type { AutoDeployTrigger, BuildFilter, ServiceRecord, ServiceSource } from "./records.ts";
import type { PatchServiceBody } from "./service-bodies.ts";

/** The branch of a repository that names none. */
const DEFAULT_BRANCH = "main";

/**
 * The service after a change, with the server's own normalisation; the record that was given stays as it is.
 *
 * A new service goes the same way: it is a change of one in which nothing is set.
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

/** `autoDeploy` is the older twin of the trigger; when both are sent, the trigger wins. */
function changedTrigger(before: AutoDeployTrigger, body: PatchServiceBody): AutoDeployTrigger {
  if (body.autoDeployTrigger) return body.autoDeployTrigger;
  if (body.autoDeploy === "no") return "off";
  if (body.autoDeploy === "yes") return before === "off" ? "commit" : before;

  return before;
}

/** Two empty lists clear the filter, and the key disappears on read. */
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
