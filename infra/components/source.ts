import type { JobModel, SourceModel } from "../model/stack-model.ts";
import type { Platform } from "./platform.ts";

/** Runtimes whose start command belongs to a container. */
const CONTAINER_RUNTIMES: ReadonlySet<string> = new Set(["docker", "image"]);

/** The common inputs of services and cron jobs: name, place and source. */
export function computeInputs(model: Computed, platform: Platform) {
  return {
    name: model.name,
    ownerId: model.ownerId,
    region: model.region,
    plan: model.plan,
    environmentId: platform.environmentId,
    adopt: model.pulumi?.adopt,
    runtime: model.runtime,
    ...sourceInputs(model.source, platform),
    buildCommand: model.buildCommand,
    dockerfilePath: model.dockerfilePath,
    dockerContext: model.dockerContext,
  };
}

type Computed = Pick<
  JobModel,
  | "name"
  | "ownerId"
  | "pulumi"
  | "region"
  | "plan"
  | "runtime"
  | "source"
  | "buildCommand"
  | "dockerfilePath"
  | "dockerContext"
>;

/** The source of code or image, in the form of Render's services. */
export function sourceInputs(source: SourceModel, { registries }: Platform) {
  if (source.kind === "repo") {
    const { repo, branch, rootDir } = source;
    return { repo, branch, ...(rootDir !== undefined && { rootDir }) };
  }
  const { image, registry } = source;
  return {
    image,
    ...(registry !== undefined && { registryCredentialId: registries.get(registry) }),
  };
}

/** The start command, in the field that the runtime reads. */
export function commandInputs(runtime: string, command: string | undefined) {
  if (command === undefined) return {};
  return CONTAINER_RUNTIMES.has(runtime) ? { dockerCommand: command } : { startCommand: command };
}

/** A copy of a path filter. */
export function buildFilterInput(
  filter:
    | { readonly paths: readonly string[]; readonly ignoredPaths: readonly string[] }
    | undefined,
) {
  return filter && { paths: [...filter.paths], ignoredPaths: [...filter.ignoredPaths] };
}
