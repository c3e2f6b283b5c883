import { z } from "zod";
import type { StackModel } from "../../infra/model/stack-model.ts";
import { type Json, memberAt } from "../../infra/provider/render/answer.ts";
import type { Ask } from "./ask.ts";
import type {
  ByKey,
  ObservedDatastore,
  ObservedGroup,
  ObservedService,
  ObservedStack,
  Texts,
} from "./observed.ts";

const Ids = z.record(z.string(), z.object({ id: z.string() })).default({});

/** Ids of the stack's resources, from its outputs. */
export const DeployedIds = z.object({
  services: Ids,
  jobs: Ids,
  envGroups: Ids,
  databases: Ids,
  keyValues: Ids,
  registries: Ids,
  projectEnvironment: z.object({ id: z.string() }).optional(),
});

/** Reads from Render the resources that the stack's outputs name. */
export async function observeStack(
  model: StackModel,
  ids: z.infer<typeof DeployedIds>,
  ask: Ask,
): Promise<ObservedStack> {
  const observe = observeService(ask);
  const [services, jobs, envGroups, databases, keyValues, registries, standing] = await Promise.all(
    [
      byKey([...model.services, ...model.staticSites], ids.services, observe),
      byKey(model.jobs, ids.jobs, (id) => observe(id, {})),
      byKey(model.envGroups, ids.envGroups, observeGroup(ask)),
      byKey(model.databases, ids.databases, observeDatastore("/postgres", ask)),
      byKey(model.keyValues, ids.keyValues, observeDatastore("/key-value", ask)),
      byKey(model.registries, ids.registries, (id) => ask.one(`/registrycredentials/${id}`)),
      observeEnvironment(ids.projectEnvironment?.id, ask),
    ],
  );
  return { services, jobs, envGroups, databases, keyValues, registries, ...standing };
}

async function byKey<Item extends { key: string }, T>(
  items: readonly Item[],
  ids: Readonly<Record<string, { id: string }>>,
  observe: (id: string, item: Item) => Promise<T | undefined>,
): Promise<ByKey<T>> {
  const found = items.map(async (item) => {
    const id = ids[item.key]?.id;
    return [item.key, id === undefined ? undefined : await observe(id, item)] as const;
  });
  return Object.fromEntries(await Promise.all(found));
}

/** Collections that are read only when they are declared. */
interface Declared {
  readonly domains?: readonly string[] | undefined;
  readonly headers?: unknown;
  readonly routes?: unknown;
}

function observeService(ask: Ask) {
  return async (id: string, item: Declared): Promise<ObservedService | undefined> => {
    const path = `/services/${id}`;
    const [service, deploys, env, secretFiles, domains, headers, routes] = await Promise.all([
      ask.one(path),
      ask.one(`${path}/deploys?limit=1`),
      ask.list(`${path}/env-vars`, "envVar"),
      ask.list(`${path}/secret-files`, "secretFile"),
      item.domains ? ask.list(`${path}/custom-domains`, "customDomain") : [],
      item.headers ? ask.list(`${path}/headers`, "header") : [],
      item.routes ? ask.list(`${path}/routes`, "route") : [],
    ]);
    if (service === undefined) return undefined;
    const newest = Array.isArray(deploys) ? memberAt(deploys[0] as Json, ["deploy"]) : undefined;
    return {
      service,
      env: textsOf(env, "key", "value"),
      secretFiles: textsOf(secretFiles, "name", "content"),
      deploy: textAt(newest, "status"),
      deployedAt: textAt(newest, "finishedAt"),
      headers,
      routes,
      domains: textsOf(domains, "name", "verificationStatus"),
    };
  };
}

function observeGroup(ask: Ask) {
  return async (id: string): Promise<ObservedGroup | undefined> => {
    const group = await ask.one(`/env-groups/${id}`);
    if (group === undefined) return undefined;
    return {
      group,
      env: textsOf(itemsAt(group, "envVars"), "key", "value"),
      secretFiles: textsOf(itemsAt(group, "secretFiles"), "name", "content"),
      linked: itemsAt(group, "serviceLinks").flatMap((it) => textAt(it, "id") ?? []),
    };
  };
}

function observeDatastore(collection: string, ask: Ask) {
  return async (id: string): Promise<ObservedDatastore | undefined> => {
    const path = `${collection}/${id}`;
    const [datastore, connection] = await Promise.all([
      ask.one(path),
      ask.one(`${path}/connection-info`),
    ]);
    return datastore === undefined ? undefined : { datastore, connection: connection ?? {} };
  };
}

async function observeEnvironment(
  id: string | undefined,
  ask: Ask,
): Promise<Pick<ObservedStack, "environment" | "project">> {
  if (id === undefined) return {};
  const environment = await ask.one(`/environments/${id}`);
  const projectId = textAt(environment, "projectId");
  return {
    environment,
    project: projectId === undefined ? undefined : await ask.one(`/projects/${projectId}`),
  };
}

function textsOf(items: readonly Json[], key: string, value: string): Texts {
  return Object.fromEntries(
    items.flatMap((it) => {
      const name = textAt(it, key);
      return name === undefined ? [] : [[name, textAt(it, value) ?? ""] as const];
    }),
  );
}

function itemsAt(value: Json, key: string): readonly Json[] {
  const items = memberAt(value, [key]);
  return Array.isArray(items) ? (items as readonly Json[]) : [];
}

function textAt(value: Json | undefined, key: string): string | undefined {
  const text = memberAt(value, [key]);
  return typeof text === "string" ? text : undefined;
}
