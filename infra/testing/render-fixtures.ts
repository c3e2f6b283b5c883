import { type Fixture, OWNER } from "./render-prerequisites.ts";
import { SERVICE_FIXTURES } from "./service-fixtures.ts";

/** Fixtures of every resource type, by name. */
export const FIXTURES: readonly Fixture[] = [
  ...SERVICE_FIXTURES,
  {
    name: "ServiceEnv",
    first: (at) => ({ serviceId: at.service, env: { PEER_URL: "http://a", OLD: "1" } }),
    second: (at) => ({ serviceId: at.service, env: { PEER_URL: "http://b", NEW: "1" } }),
  },
  {
    name: "EnvGroup",
    first: (at) => ({
      name: "shared",
      ownerId: OWNER,
      environmentId: at.environments[0],
      env: { TOKEN: "first", GONE: "1" },
      secretFiles: { "old.txt": "1" },
    }),
    second: (at) => ({
      name: "shared-2",
      ownerId: OWNER,
      environmentId: at.environments[1],
      env: { TOKEN: "second", NEW: "1" },
      secretFiles: { "new.txt": "1" },
    }),
  },
  {
    name: "Project",
    first: () => ({ name: "acme", ownerId: OWNER, firstEnvironment: "production" }),
    second: () => ({ name: "acme-2", ownerId: OWNER, firstEnvironment: "production" }),
  },
  {
    name: "Environment",
    first: (at) => ({
      name: "production",
      projectId: at.project,
      networkIsolation: true,
      protected: true,
    }),
    second: (at) => ({
      name: "live",
      projectId: at.project,
      networkIsolation: false,
      ipAllowList: [{ cidr: "203.0.113.0/24", description: "office" }],
    }),
  },
  {
    name: "Postgres",
    first: (at) => ({
      name: "shop-main",
      ownerId: OWNER,
      region: "oregon",
      plan: "pro_4gb",
      version: "17",
      databaseName: "shop",
      databaseUser: "shop",
      diskSizeGb: 15,
      environmentId: at.environments[0],
      readReplicas: ["reader"],
    }),
    second: (at) => ({
      name: "shop-main",
      ownerId: OWNER,
      region: "oregon",
      plan: "pro_8gb",
      version: "17",
      databaseName: "shop",
      databaseUser: "shop",
      diskSizeGb: 20,
      environmentId: at.environments[1],
      highAvailability: true,
      readReplicas: ["reader", "reports"],
      ipAllowList: [],
    }),
  },
  {
    name: "KeyValue",
    first: (at) => ({
      name: "shop-cache",
      ownerId: OWNER,
      region: "oregon",
      plan: "starter",
      maxmemoryPolicy: "noeviction",
      persistenceMode: "snapshot",
      environmentId: at.environments[0],
    }),
    second: (at) => ({
      name: "shop-cache",
      ownerId: OWNER,
      region: "oregon",
      plan: "standard",
      maxmemoryPolicy: "allkeys_lru",
      persistenceMode: "journal_snapshot",
      ipAllowList: [{ cidr: "203.0.113.0/24", description: "office" }],
      environmentId: at.environments[1],
    }),
  },
  {
    name: "RegistryCredential",
    first: () => ({
      name: "ghcr",
      ownerId: OWNER,
      registry: "GITHUB",
      username: "bot",
      authToken: "first-token",
    }),
    second: () => ({
      name: "ghcr",
      ownerId: OWNER,
      registry: "GITHUB",
      username: "robot",
      authToken: "second-token",
    }),
  },
];
