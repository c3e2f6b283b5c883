import * as pulumi from "@pulumi/pulumi";
import type { StackModel } from "../model/stack-model.ts";
import type { ResourceOutputs, StackOutputs } from "../outputs.ts";
import { OpspecProvider } from "../resources/opspec/generated-secret.ts";
import { RenderProvider } from "../resources/render/provider.ts";
import { resolveSecrets, type SecretsOptions } from "../secrets.ts";
import { Database } from "./database.ts";
import type { EnvSources } from "./env.ts";
import { SharedEnv } from "./env-group.ts";
import { generateSecret } from "./generated-secret.ts";
import { Job } from "./job.ts";
import { KeyValueStore } from "./key-value.ts";
import { registerLateEnv } from "./late-env.ts";
import { type Platform, registerPlatform } from "./platform.ts";
import { registerProvider } from "./register.ts";
import { Registry } from "./registry.ts";
import { Service, type ServiceDependencies } from "./service.ts";
import { Site } from "./static-site.ts";

/** Registers every resource of a stack's model, and nothing else. */
export function deployStack(model: StackModel, options: SecretsOptions): StackOutputs {
  const render = registerProvider(RenderProvider, {
    apiKey: new pulumi.Config("render").getSecret("apiKey"),
  });
  const opspec = registerProvider(OpspecProvider);
  const secrets = resolveSecrets(model.secrets, {
    ...options,
    generate: (secret) => generateSecret(secret, opspec),
  });
  for (const note of model.notes) void pulumi.log.info(note);

  const platform = registerPlatform(render, model, secrets);
  const sources: EnvSources = {
    secrets,
    services: new Registry(),
    databases: new Registry(),
    keyValues: new Registry(),
  };
  const datastores = registerDatastores(model, sources, platform);
  const groups = new Map(
    model.envGroups.map((it) => [it.key, new SharedEnv(it, sources, platform)]),
  );
  const prerequisites = { platform, sources, groups };
  const services = registerServices(model, prerequisites);
  const dependencies = { ...prerequisites, services };
  const jobs = model.jobs.map((it) => [it.key, new Job(it, dependencies).outputs] as const);
  return {
    services: Object.fromEntries([...services].map(([key, { outputs }]) => [key, outputs])),
    jobs: Object.fromEntries(jobs),
    ...datastores,
    ...platformOutputs(platform),
    envGroups: Object.fromEntries([...groups].map(([key, { resource }]) => [key, idOf(resource)])),
  };
}

function registerDatastores(
  model: StackModel,
  sources: EnvSources,
  platform: Platform,
): Pick<StackOutputs, "databases" | "keyValues"> {
  const databases = model.databases.map((it) => [it.key, new Database(it, platform)] as const);
  for (const [key, { addresses }] of databases) sources.databases.set(key, addresses);
  const stores = model.keyValues.map((it) => [it.key, new KeyValueStore(it, platform)] as const);
  for (const [key, { addresses }] of stores) sources.keyValues.set(key, addresses);
  return {
    databases: Object.fromEntries(databases.map(([key, { outputs }]) => [key, outputs])),
    keyValues: Object.fromEntries(stores.map(([key, { outputs }]) => [key, outputs])),
  };
}

function platformOutputs({
  registries,
  environmentId,
}: Platform): Pick<StackOutputs, "registries" | "projectEnvironment"> {
  return {
    registries: Object.fromEntries([...registries].map(([key, id]) => [key, { id }])),
    ...(environmentId && { projectEnvironment: { id: environmentId } }),
  };
}

function idOf({ id }: pulumi.CustomResource): ResourceOutputs {
  return { id };
}

function registerServices(
  model: StackModel,
  prerequisites: ServiceDependencies,
): ReadonlyMap<string, Service | Site> {
  const { sources, platform } = prerequisites;
  const made = [
    ...model.services.map((it) => [it, new Service(it, prerequisites)] as const),
    ...model.staticSites.map((it) => [it, new Site(it, prerequisites)] as const),
  ];
  for (const [{ key, formerly, lateEnv }, { addresses, outputs }] of made) {
    sources.services.set(key, addresses);
    if (!lateEnv) continue;
    registerLateEnv({ key, formerly, id: outputs.id, lateEnv }, sources, platform.render);
  }
  return new Map(made.map(([{ key }, resource]) => [key, resource]));
}
