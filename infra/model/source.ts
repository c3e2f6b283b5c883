import type { ServiceSpec } from "../spec/service.ts";
import type { SourceSpec } from "../spec/source.ts";
import { DEFAULT_BRANCH } from "./defaults.ts";
import { given } from "./keyed.ts";
import type { ServiceModel } from "./stack-model.ts";
import type { SourceModel } from "./value-model.ts";

/** The source of code or image, with the default branch. */
export function modelSource(source: SourceSpec): SourceModel {
  if ("image" in source) {
    return { kind: "image", ...given({ image: source.image, registry: source.registry }) };
  }
  const { repo, branch = DEFAULT_BRANCH, dir } = source;
  return { kind: "repo", repo, branch, ...(dir === undefined ? {} : { rootDir: dir }) };
}

/** Render's runtime of a source. */
export function modelRuntime({ source, runtime }: Pick<ServiceSpec, "source" | "runtime">): string {
  return "image" in source ? "image" : (runtime ?? "docker");
}

type Deploying = Pick<
  ServiceModel,
  "autoDeploy" | "autoDeployTrigger" | "buildFilter" | "previews"
>;

/** Render's auto-deploy setting. */
export function modelDeploying(
  service: Pick<ServiceSpec, "autoDeploy" | "buildFilter" | "previews">,
): Deploying {
  const { autoDeploy = true, buildFilter, previews } = service;
  return {
    autoDeploy: autoDeploy !== false,
    ...(autoDeploy === "checks-pass" ? { autoDeployTrigger: "checksPass" } : {}),
    ...(buildFilter
      ? { buildFilter: { paths: buildFilter.paths ?? [], ignoredPaths: buildFilter.ignored ?? [] } }
      : {}),
    ...(previews === undefined ? {} : { previews }),
  };
}

/** Allow-list entries in Render's form. */
export function modelAllowList(
  list: ServiceSpec["allowList"],
): { cidr: string; description: string }[] | undefined {
  return list?.map(({ cidr, why }) => ({ cidr, description: why }));
}
