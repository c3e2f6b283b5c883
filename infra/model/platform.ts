import type { StackSpec } from "../spec/stack.ts";
import { DEFAULT_REGION } from "./defaults.ts";
import { modelEnv, modelSecretFiles } from "./env.ts";
import { given, modelKeyed } from "./keyed.ts";
import { partName } from "./names.ts";
import type {
  EnvGroupModel,
  KeyValueModel,
  PostgresModel,
  ProjectModel,
  RegistryModel,
} from "./platform-model.ts";
import { modelAllowList } from "./source.ts";

/** Databases with every default filled in. */
export function modelDatabases(spec: StackSpec): PostgresModel[] {
  return Object.entries(spec.databases ?? {}).map(([key, database]) => ({
    ...modelKeyed(key, database),
    name: database.name ?? partName(spec.system, key),
    ownerId: spec.render.owner,
    region: database.region ?? spec.render.region ?? DEFAULT_REGION,
    plan: database.plan,
    version: String(database.version),
    ...given({
      databaseName: database.database,
      databaseUser: database.user,
      diskGb: database.diskGb,
      autoscaleDisk: database.autoscaleDisk,
      highAvailability: database.highAvailability,
      replicas: database.replicas,
      allowList: modelAllowList(database.allowList),
    }),
    allowDataLoss: database.allowDataLoss ?? false,
  }));
}

/** Key Value stores with every default filled in. */
export function modelKeyValues(spec: StackSpec): KeyValueModel[] {
  return Object.entries(spec.keyValues ?? {}).map(([key, store]) => ({
    ...modelKeyed(key, store),
    name: store.name ?? partName(spec.system, key),
    ownerId: spec.render.owner,
    region: store.region ?? spec.render.region ?? DEFAULT_REGION,
    plan: store.plan,
    ...given({
      maxmemoryPolicy: store.evict,
      persistenceMode: store.persistence,
      allowList: modelAllowList(store.allowList),
    }),
    allowDataLoss: store.allowDataLoss ?? false,
  }));
}

/** Env groups. Their members are on Render. */
export function modelEnvGroups(spec: StackSpec): EnvGroupModel[] {
  return Object.entries(spec.envGroups ?? {}).map(([key, group]) => ({
    ...modelKeyed(key, group),
    name: group.name ?? partName(spec.system, key),
    ownerId: spec.render.owner,
    env: modelEnv(group.env, { spec, isOnRender: true }),
    secretFiles: modelSecretFiles(group.secretFiles),
  }));
}

const REGISTRY_KINDS = {
  github: "GITHUB",
  gitlab: "GITLAB",
  docker: "DOCKER",
  "google-artifact": "GOOGLE_ARTIFACT",
  "aws-ecr": "AWS_ECR",
} as const;

/** Accounts at container registries. */
export function modelRegistries(spec: StackSpec): RegistryModel[] {
  return Object.entries(spec.registries ?? {}).map(([key, registry]) => ({
    ...modelKeyed(key, registry),
    name: registry.name ?? partName(spec.system, key),
    registry: REGISTRY_KINDS[registry.kind],
    username: registry.username,
    tokenSecret: registry.token.secret,
  }));
}

/** The project on Render and the environment in it. */
export function modelProject(spec: StackSpec): ProjectModel | undefined {
  const { project } = spec.render;
  if (!project) return undefined;
  return {
    name: project.name,
    existing: project.existing ?? false,
    environment: {
      name: project.environment ?? spec.environment ?? "production",
      protected: project.protected ?? false,
      isolated: project.isolated ?? false,
      ...given({ pulumi: project.environmentPulumi }),
    },
    ...given({ pulumi: project.pulumi }),
  };
}
