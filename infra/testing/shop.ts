import type { Json } from "../provider/render/answer.ts";
import { modelOf } from "./spec-text.ts";

/** A small stack with every kind of resource, for tests of verify. */
export const SHOP = modelOf(`
secrets: { TOKEN: {}, CERT: {}, EXTRA: { required: false } }
databases:
  main: { version: 17, plan: basic_1gb, diskGb: 15, allowList: [{ cidr: 203.0.113.0/24, why: office }] }
keyValues: { queue: { plan: starter, evict: noeviction, persistence: snapshot } }
envGroups:
  shared: { env: { TOKEN: { secret: TOKEN }, DATABASE_URL: { database: main } } }
services:
  api:
    type: web
    source: { repo: https://github.com/example/shop, branch: main }
    runtime: node
    build: npm ci
    start: node server.js
    supervise: false
    plan: standard
    instances: 2
    domains: [api.example.com]
    envGroups: [shared]
    env:
      MODE: fast
      SITE_URL: { url: site }
      SELF: { privateUrl: api, path: /self }
      DB_HOST: { database: main, property: host }
      EXTRA: { secret: EXTRA }
    secretFiles: { cert.pem: { secret: CERT }, motd: { text: hello } }
  site:
    type: static
    source: { repo: https://github.com/example/shop, branch: main }
    build: npm run build
    publish: dist
jobs:
  nightly:
    uses: dead-letter-trim
    schedule: { daily: "03:00" }
    on: render
    env: { REDIS_URL: { keyValue: queue }, TOKEN: { secret: TOKEN } }
    options: { queue: dead, keep: 10 }
  sweep: { schedule: { every: 5m }, by: app, of: api }
verify:
  - { http: api, path: /health, json: { ok: true } }
  - { job: nightly, ranWithin: 25h }
`);

/** The optional project. */
export const SHOP_PROJECT = {
  name: "Shop",
  existing: false,
  environment: { name: "production", protected: true, isolated: false },
};

/** The value of its secret. */
export const SHOP_SECRET = "a-value-that-nobody-may-see";
const PLACE = { ownerId: SHOP.ownerId, environmentId: "evm-1" };
const REPO = {
  ...PLACE,
  repo: "https://github.com/example/shop",
  branch: "main",
  autoDeploy: "yes",
};

/** A cloud that matches the model, new for each test. */
export function observedShop() {
  return {
    services: {
      api: observedApi(),
      site: {
        service: {
          ...REPO,
          id: "srv-site",
          name: "shop-site",
          slug: "shop-site",
          serviceDetails: {
            url: "https://shop-site.onrender.com",
            publishPath: "dist",
            buildCommand: "npm run build",
          },
        },
        env: {},
        secretFiles: {},
        deploy: "live",
        domains: {},
        headers: [] as Json[],
        routes: [] as Json[],
      },
    },
    jobs: { nightly: observedJob() },
    envGroups: {
      shared: {
        group: {
          id: "evg-1",
          name: "shop-shared",
          ownerId: SHOP.ownerId,
          environmentId: "evm-1",
          createdAt: "2026-01-01T00:00:00Z",
        },
        env: { TOKEN: SHOP_SECRET, DATABASE_URL } as Record<string, string>,
        secretFiles: {},
        linked: ["srv-api"],
      },
    },
    ...observedDatastores(),
    registries: {},
    environment: { id: "evm-1", name: "production", protectedStatus: "protected" },
    project: { id: "prj-1", name: "Shop" },
  };
}

const DATABASE_URL = "postgresql://shop:pw@dpg-1-a:5432/shop_x1y2";

function observedApi() {
  const env: Record<string, string> = {
    MODE: "fast",
    SITE_URL: "https://shop-site.onrender.com",
    SELF: "http://shop-api:10000/self",
    DB_HOST: "dpg-1-a",
  };
  const domains: Record<string, string> = { "api.example.com": "verified" };
  return {
    service: {
      ...REPO,
      id: "srv-api",
      name: "shop-api",
      slug: "shop-api",
      suspended: "not_suspended",
      serviceDetails: {
        url: "https://shop-api.onrender.com",
        openPorts: [{ port: 10_000, protocol: "TCP" }],
        plan: "standard",
        region: "oregon",
        numInstances: 2,
        envSpecificDetails: { buildCommand: "npm ci", startCommand: "node server.js" },
      },
    },
    env,
    secretFiles: { "cert.pem": "any", motd: "hello" },
    deploy: "live",
    domains,
    headers: [] as Json[],
    routes: [] as Json[],
  };
}

function observedJob() {
  const [job] = SHOP.jobs;
  const env: Record<string, string> = {
    OPSPEC_MANIFEST: "/etc/secrets/opspec-manifest.json",
    REDIS_URL: "redis://red-1:6379",
    TOKEN: SHOP_SECRET,
  };
  return {
    service: {
      ...PLACE,
      id: "crn-nightly",
      name: "shop-nightly",
      imagePath: job?.source.kind === "image" ? job.source.image : "",
      serviceDetails: {
        schedule: "0 3 * * *",
        plan: "starter",
        region: "oregon",
        envSpecificDetails: { dockerCommand: "/opt/opspec/opspec-runtime run nightly" },
      },
    },
    env,
    secretFiles: { "opspec-manifest.json": job?.secretFiles?.[0]?.content ?? "" },
    deploy: "live",
    domains: {},
    headers: [] as Json[],
    routes: [] as Json[],
  };
}

const OFFICE = [{ cidrBlock: "203.0.113.0/24", description: "office" }];

function observedDatastores() {
  const owner = { id: SHOP.ownerId };
  const available = { environmentId: "evm-1", status: "available", owner, region: "oregon" };
  return {
    databases: {
      main: {
        datastore: {
          ...available,
          name: "shop-main",
          ipAllowList: OFFICE,
          plan: "basic_1gb",
          version: "17",
          diskSizeGB: 15,
        },
        connection: { internalConnectionString: DATABASE_URL },
      },
    },
    keyValues: {
      queue: {
        datastore: {
          ...available,
          name: "shop-queue",
          plan: "starter",
          options: { maxmemoryPolicy: "noeviction", persistenceMode: "snapshot" },
        },
        connection: { internalConnectionString: "redis://red-1:6379" },
      },
    },
  };
}
