import { expect, test } from "vitest";
import { parseStackSpec } from "../spec/parse.ts";
import { resolveStack } from "../stack.ts";
import { modelOf } from "../testing/spec-text.ts";

test("stores are resolved with their defaults, and what is not said is left to Render", () => {
  const { databases, keyValues } = modelOf(`
databases:
  main: { version: 16, plan: pro_4gb, diskGb: 15, highAvailability: true, replicas: [ro], allowList: [] }
keyValues: { q: { plan: starter, evict: noeviction, formerly: queue, pulumi: { protect: true } } }
`);

  expect(databases).toEqual([
    {
      key: "main",
      name: "shop-main",
      ownerId: "tea-00000000000000000000",
      region: "oregon",
      plan: "pro_4gb",
      version: "16",
      diskGb: 15,
      highAvailability: true,
      replicas: ["ro"],
      allowList: [],
      allowDataLoss: false,
    },
  ]);
  expect(keyValues).toEqual([
    {
      key: "q",
      formerly: ["queue"],
      pulumi: { protect: true },
      name: "shop-q",
      ownerId: "tea-00000000000000000000",
      region: "oregon",
      plan: "starter",
      maxmemoryPolicy: "noeviction",
      allowDataLoss: false,
    },
  ]);
});

test("a group is made once, and the services that use it link to it", () => {
  const { envGroups, services, registries, secrets } = modelOf(`
secrets: { TOKEN: { aliases: [OLD_TOKEN], generate: { bytes: 32, rotation: 2 } } }
registries: { ghcr: { kind: github, username: bot, token: { secret: TOKEN } } }
databases: { main: { version: 16, plan: free } }
envGroups:
  shared: { env: { DATABASE_URL: { database: main }, TOKEN: { secret: TOKEN } }, secretFiles: { a.json: { text: "{}" } } }
services:
  web: { type: web, source: { image: ghcr.io/a/b, registry: ghcr }, plan: pro, envGroups: [shared] }
`);

  expect(envGroups).toEqual([
    {
      key: "shared",
      name: "shop-shared",
      ownerId: "tea-00000000000000000000",
      env: {
        DATABASE_URL: { kind: "database", database: "main", property: "internalUrl" },
        TOKEN: { kind: "secret", secret: "TOKEN" },
      },
      secretFiles: [{ name: "a.json", content: "{}" }],
    },
  ]);
  expect(services[0]).toMatchObject({
    source: { kind: "image", image: "ghcr.io/a/b", registry: "ghcr" },
    envGroups: ["shared"],
    secretFiles: [],
  });
  expect(registries[0]).toMatchObject({
    name: "shop-ghcr",
    registry: "GITHUB",
    tokenSecret: "TOKEN",
  });
  expect(secrets).toEqual([
    {
      name: "TOKEN",
      required: true,
      generateBytes: 32,
      rotation: "2",
      aliases: ["OLD_TOKEN"],
      usedBy: ["envGroups/shared/env/TOKEN", "registries/ghcr/token"],
    },
  ]);
});

test("a static site and a web service keep what each of them has on Render", () => {
  const { staticSites, services } = modelOf(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: docker
    plan: pro
    autoscale: { min: 1, max: 3, cpuPercent: 70 }
    shutdown: 2m
    previews: manual
    preDeploy: make migrate
    allowList: [{ cidr: 10.0.0.0/8, why: office }]
  site:
    type: static
    source: { repo: "https://example.com/a" }
    build: make
    publish: dist
    autoDeploy: checks-pass
    buildFilter: { paths: [site/**] }
    routes: [{ type: rewrite, source: "/*", destination: /index.html }]
    env: { VITE_API_URL: { url: web, path: /api, buildTime: true } }
`);

  expect(services[0]).toMatchObject({
    autoscale: { min: 1, max: 3, cpuPercent: 70 },
    shutdownSeconds: 120,
    previews: "manual",
    preDeployCommand: "make migrate",
    allowList: [{ cidr: "10.0.0.0/8", description: "office" }],
  });
  expect(staticSites).toEqual([
    {
      key: "site",
      name: "shop-site",
      ownerId: "tea-00000000000000000000",
      source: { kind: "repo", repo: "https://example.com/a", branch: "main" },
      publishPath: "dist",
      autoDeploy: true,
      autoDeployTrigger: "checksPass",
      buildFilter: { paths: ["site/**"], ignoredPaths: [] },
      env: { VITE_API_URL: { kind: "reference", service: "web", property: "url", path: "/api" } },
      buildCommand: "make",
      routes: [{ type: "rewrite", source: "/*", destination: "/index.html" }],
    },
  ]);
});

test("project, environment and registry have options of Pulumi's too", () => {
  const text = `
system: shop
render:
  owner: tea-00000000000000000000
  project: { name: Shop, pulumi: { adopt: true }, environmentPulumi: { import: evm-1 } }
secrets: { TOKEN: {} }
registries:
  ghcr: { kind: github, username: bot, token: { secret: TOKEN }, formerly: hub, pulumi: { adopt: true } }
`;

  const { project, registries } = resolveStack("shop", parseStackSpec(text, "shop.ops.yaml")).model;

  expect(project).toMatchObject({
    pulumi: { adopt: true },
    environment: { pulumi: { import: "evm-1" } },
  });
  expect(registries[0]).toMatchObject({ formerly: ["hub"], pulumi: { adopt: true } });
});
