import type { Problem } from "../../errors.ts";
import type { JobSpec } from "../../spec/job.ts";
import type { DeepPartial, PartialStackSpec } from "../../spec/stack.ts";
import { entriesOf } from "../entries.ts";
import { cronRegionOf, regionOf } from "../region.ts";
import { addedVariables } from "../runtime-reference.ts";
import { type Variable, variablesOf } from "../variables.ts";
import { storeOf } from "./store.ts";

/** Refuses internal addresses of another region. */
export function validateRegions(spec: PartialStackSpec): Problem[] {
  return [...variablesOf(spec), ...addedVariables(spec)].flatMap((variable) => {
    const target = targetOf(spec, variable);
    if (!target) return [];
    return usersOf(spec, variable)
      .filter((user) => user.region !== target.region)
      .map((user) => ({
        path: variable.path,
        message: `"${user.key}" is in ${user.region} and "${target.key}" in ${target.region}: its internal address cannot be reached.`,
        remedy: target.remedy,
      }));
  });
}

interface Located {
  readonly key: string;
  readonly region: string;
}

/** The resource that a variable reaches over the private network. */
function targetOf(
  spec: PartialStackSpec,
  variable: Variable,
): (Located & { readonly remedy: string }) | undefined {
  const { privateUrl, property } = variable.parts;
  const service = privateUrl === undefined ? undefined : spec.services?.[privateUrl];
  if (privateUrl !== undefined && service && ["web", "private"].includes(service.type ?? "")) {
    const other = service.type === "web" ? `, or use { url: ${privateUrl} }` : "";
    const remedy = `Use the same region for both${other}.`;
    return { key: privateUrl, region: regionOf(spec, service), remedy };
  }
  const store = storeOf(spec, variable);
  if (!store || property === "externalUrl") return undefined;
  const remedy = "Use the same region for both, or use property: externalUrl.";
  return { key: store.key, region: regionOf(spec, store), remedy };
}

/** The processes on Render that receive a variable: its owner, or the users of its env group. */
function usersOf(spec: PartialStackSpec, { owner }: Variable): Located[] {
  const isUser = (kind: string, key: string, groups: readonly unknown[] = []): boolean =>
    owner.kind === "envGroups"
      ? groups.includes(owner.key)
      : owner.kind === kind && owner.key === key;
  const services = entriesOf(spec.services)
    .filter(
      ([key, { type, envGroups }]) => type !== "container" && isUser("services", key, envGroups),
    )
    .map(([key, service]) => ({ key, region: regionOf(spec, service) }));
  const jobs = entriesOf(spec.jobs)
    .filter(([key, { envGroups }]) => isUser("jobs", key, envGroups))
    .flatMap(([key, job]) => {
      const region = jobRegion(spec, job);
      return region === undefined ? [] : [{ key, region }];
    });
  return [...services, ...jobs];
}

/** The region in which a job runs; undefined on a VM or when unknown. */
function jobRegion(spec: PartialStackSpec, job: DeepPartial<JobSpec>): string | undefined {
  if (job.on === "render") return cronRegionOf(spec, job);
  const service = job.in === undefined ? undefined : spec.services?.[job.in];
  return service && service.type !== "container" ? regionOf(spec, service) : undefined;
}
