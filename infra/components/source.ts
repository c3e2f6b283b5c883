import type { JobModel, SourceModel } from "../model/stack-model.ts";
import type { Platform } from "./platform.ts";

/** Runtimes in which the command line belongs to a container and not to a native start. */
const CONTAINER_RUNTIMES: ReadonlySet<string> = new Set(["docker", "image"]);

/** What a service and a cron job say alike: who and where they are, and what they run. */
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

/** Where the code or the image comes from, as Render's services take it. */
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

/** The command line, in the field that the runtime reads. */
export function commandInputs(runtime: string, command: string | undefined) {
  if (command === undefined) return {};
  return CONTAINER_RUNTIMES.has(runtime) ? { dockerCommand: command } : { startCommand: command };
}

/** A filter of paths, as new lists. */
export function buildFilterInput(
  filter:
    | { readonly paths: readonly string[]; readonly ignoredPaths: readonly string[] }
    | undefined,
) {
  return filter && { paths: [...filter.paths], ignoredPaths: [...filter.ignoredPaths] };
}
