import * as pulumi from "@pulumi/pulumi";
import { beforeAll, expect, test } from "vitest";
import { parseStackSpec } from "../spec/parse.ts";
import { resolveStack } from "../stack.ts";
import { deployStack } from "./stack.ts";

/** One of every noun that becomes a resource at Render. */
const EVERYTHING = `
system: shop
render:
  owner: tea-00000000000000000000
  project: { name: Shop, pulumi: { adopt: true }, environmentPulumi: { adopt: true } }
runtimeSource: { image: "example.com/runtime@sha256:${"0".repeat(64)}" }
secrets: { TOKEN: {} }
registries: { ghcr: { kind: github, username: bot, token: { secret: TOKEN }, pulumi: { adopt: true } } }
databases: { main: { version: 16, plan: pro_4gb, pulumi: { adopt: true } } }
keyValues: { queue: { plan: starter, pulumi: { adopt: true } } }
envGroups: { shared: { env: { A: "1" }, pulumi: { adopt: true } } }
services:
  web: { type: web, source: { image: nginx }, plan: starter, supervise: true, start: nginx, pulumi: { adopt: true } }
  inner: { type: private, source: { image: nginx }, plan: starter, pulumi: { adopt: true } }
  worker: { type: worker, source: { image: nginx }, plan: starter, pulumi: { adopt: true } }
  site: { type: static, source: { repo: "https://example.com/a" }, publish: dist, pulumi: { adopt: true } }
jobs:
  nightly: { uses: heartbeat, schedule: { daily: "03:00", timezone: UTC }, on: render, calls: web, plan: starter, pulumi: { adopt: true } }
`;

const registered = new Map<string, unknown>();

beforeAll(async () => {
  await pulumi.runtime.setMocks({
    newResource: ({ type, inputs, name }) => {
      if (type.startsWith("render:")) registered.set(type, (inputs as { adopt?: unknown }).adopt);
      return { id: `${name}-id`, state: inputs as object };
    },
    call: () => ({}),
  });
});

test("pulumi: { adopt: true } reaches the resource of every noun", async () => {
  const { model } = resolveStack("shop", parseStackSpec(EVERYTHING, "shop.ops.yaml"));

  await pulumi.runtime.runInPulumiStack(async () =>
    deployStack(model, { environment: {}, placeholder: (name) => name }),
  );

  expect(Object.fromEntries([...registered].toSorted())).toEqual({
    "render:index:BackgroundWorker": true,
    "render:index:CronJob": true,
    "render:index:EnvGroup": true,
    "render:index:Environment": true,
    "render:index:KeyValue": true,
    "render:index:Postgres": true,
    "render:index:PrivateService": true,
    "render:index:Project": true,
    "render:index:RegistryCredential": true,
    "render:index:StaticSite": true,
    "render:index:WebService": true,
  });
});
