/** Collections of a service that a refresh reads separately if they are declared. */
const COLLECTIONS = ["secretFiles", "domains", "headers", "routes"];

/** A resource with its declared inputs. */
export interface DeployedResource {
  readonly id: string | undefined;
  readonly type: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** Number of API calls of a refresh, independently of the list in the reference. */
export function refreshCalls(deployed: readonly DeployedResource[]): number {
  const of = (...types: string[]): readonly DeployedResource[] =>
    deployed.filter((it) => types.includes(it.type.replace("render:index:", "")));
  const declares = ({ inputs }: DeployedResource, field: string): boolean =>
    Object.keys(inputs[field] ?? {}).length > 0;

  const services = of("WebService", "PrivateService", "BackgroundWorker", "CronJob", "StaticSite");
  const groups = of("EnvGroup");
  const late = new Set(of("ServiceEnv").map((it) => it.inputs["serviceId"]));
  const projects = new Set(of("Environment").map((it) => it.inputs["projectId"]));
  return [
    anyOf(services),
    anyOf([...groups, ...services.filter((it) => declares(it, "envGroups"))]),
    ...["Postgres", "KeyValue", "Project", "RegistryCredential"].map((it) => anyOf(of(it))),
    projects.size,
    // The newest deploy of each.
    services.length,
    services.filter((it) => declares(it, "env") || late.has(it.id)).length,
    ...COLLECTIONS.map((field) => services.filter((it) => declares(it, field)).length),
    groups.filter((it) => declares(it, "env") || declares(it, "secretFiles")).length,
  ].reduce((sum, calls) => sum + calls, 0);
}

/** 1 if there is any. */
function anyOf(all: readonly unknown[]): number {
  return Math.min(all.length, 1);
}
