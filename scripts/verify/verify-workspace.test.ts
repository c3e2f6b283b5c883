import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalCloud, startLocalCloud } from "../../infra/local-cloud/server.ts";
import { send } from "../../infra/testing/render-plugin.ts";
import { SHOP, SHOP_PROJECT, SHOP_SECRET } from "../../infra/testing/shop.ts";
import { renderFinding } from "./finding.ts";
import { verifyWorkspace } from "./verify-workspace.ts";

const OWNER = SHOP.ownerId;
const REPO = { ownerId: OWNER, repo: "https://github.com/example/shop", branch: "main" };

let cloud: LocalCloud;
let ids: Record<string, string>;

beforeAll(async () => {
  cloud = await startLocalCloud();
  ids = await deployShop();
  await send(`${cloud.urls.local}/clock`, "POST", { advanceSeconds: 60 });
});

afterAll(() => cloud.stop());

async function api(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  return (await send(`${cloud.urls.render}${path}`, method, body)) as Record<string, unknown>;
}

/** Creates the resources of an up by hand, and returns their ids. */
async function deployShop(): Promise<Record<string, string>> {
  const environments = [{ name: "production", protectedStatus: "protected" }];
  const project = await api("POST", "/projects", { name: "Shop", ownerId: OWNER, environments });
  const [environmentId = ""] = project["environmentIds"] as string[];
  const at = { ownerId: OWNER, environmentId };
  const main = await api("POST", "/postgres", {
    ...at,
    name: "shop-main",
    plan: "basic_1gb",
    version: "17",
    diskSizeGB: 15,
    ipAllowList: [{ cidrBlock: "203.0.113.0/24", description: "office" }],
  });
  const queue = await api("POST", "/key-value", {
    ...at,
    name: "shop-queue",
    plan: "starter",
    maxmemoryPolicy: "noeviction",
    persistenceMode: "snapshot",
  });
  const mainId = String(main["id"]);
  const queueId = String(queue["id"]);
  const info = await api("GET", `/postgres/${mainId}/connection-info`);
  const group = await api("POST", "/env-groups", {
    ...at,
    name: "shop-shared",
    envVars: [
      { key: "TOKEN", value: SHOP_SECRET },
      { key: "DATABASE_URL", value: info["internalConnectionString"] },
    ],
  });
  const groupId = String(group["id"]);
  const services = await createServices({ environmentId, mainId, queueId });
  await api("POST", `/env-groups/${groupId}/services/${services.api}`);
  await api("POST", `/services/${services.api}/custom-domains`, { name: "api.example.com" });
  return { ...services, environmentId, mainId, queueId, groupId };
}

async function createServices(of: { environmentId: string; mainId: string; queueId: string }) {
  const { environmentId, mainId, queueId } = of;
  const [job] = SHOP.jobs;
  const manifest = job?.secretFiles?.[0];
  const site = await createService({
    ...REPO,
    environmentId,
    type: "static_site",
    name: "shop-site",
    serviceDetails: { buildCommand: "npm run build", publishPath: "dist" },
  });
  const web = await createService({
    ...REPO,
    environmentId,
    type: "web_service",
    name: "shop-api",
    envVars: textsOf({
      MODE: "fast",
      SITE_URL: "https://shop-site.onrender.com",
      SELF: "http://shop-api:10000/self",
      DB_HOST: mainId,
    }),
    secretFiles: [
      { name: "cert.pem", content: "any" },
      { name: "motd", content: "hello" },
    ],
    serviceDetails: {
      runtime: "node",
      plan: "standard",
      numInstances: 2,
      envSpecificDetails: { buildCommand: "npm ci", startCommand: "node server.js" },
    },
  });
  const nightly = await createService({
    ownerId: OWNER,
    environmentId,
    type: "cron_job",
    name: "shop-nightly",
    image: { ownerId: OWNER, imagePath: job?.source.kind === "image" ? job.source.image : "" },
    envVars: textsOf({
      OPSPEC_MANIFEST: "/etc/secrets/opspec-manifest.json",
      REDIS_URL: `redis://${queueId}:6379`,
      TOKEN: SHOP_SECRET,
    }),
    secretFiles: [{ name: manifest?.name, content: manifest?.content }],
    serviceDetails: {
      runtime: "image",
      plan: "starter",
      schedule: "0 3 * * *",
      envSpecificDetails: { dockerCommand: "/opt/opspec/opspec-runtime run nightly" },
    },
  });
  return { site, api: web, nightly };
}

async function createService(body: object): Promise<string> {
  const { service } = await api("POST", "/services", body);
  return (service as { id: string }).id;
}

function textsOf(texts: Record<string, string>): { key: string; value: string }[] {
  return Object.entries(texts).map(([key, value]) => ({ key, value }));
}

function idOf(key: string): { id: string | undefined } {
  return { id: ids[key] };
}

async function verifyShop(): Promise<string[]> {
  const outputs = {
    services: { api: idOf("api"), site: idOf("site") },
    jobs: { nightly: idOf("nightly") },
    envGroups: { shared: idOf("groupId") },
    databases: { main: idOf("mainId") },
    keyValues: { queue: idOf("queueId") },
    projectEnvironment: idOf("environmentId"),
  };
  const findings = await verifyWorkspace(
    { ...SHOP, project: SHOP_PROJECT },
    {
      renderHost: cloud.urls.render,
      renderApiKey: "test",
      stack: {
        outputs: async () =>
          Object.fromEntries(
            Object.entries(outputs).map(([key, value]) => [key, { value, secret: false }]),
          ),
      },
    },
  );
  return findings.map(renderFinding);
}

test("a stack that is as it must be has no failed check, and more than 20 good ones", async () => {
  const lines = await verifyShop();

  expect(lines.filter((it) => it.startsWith("FAILED"))).toEqual([]);
  expect(lines.filter((it) => it.startsWith("ok")).length).toBeGreaterThan(20);
});

test("its checks take less than 2 s, although every answer takes 300 ms", async () => {
  const slow = ["/*", "/*/*", "/*/*/*"].map((path) => ({
    method: "GET",
    path: `/v1${path}`,
    delayMs: 300,
    times: 50,
  }));
  await send(`${cloud.urls.local}/faults`, "POST", slow);

  const start = performance.now();
  const lines = await verifyShop();

  expect(performance.now() - start).toBeLessThan(2000);
  expect(lines.filter((it) => it.startsWith("FAILED"))).toEqual([]);
  await send(`${cloud.urls.local}/reset`, "POST");
});

test("what is gone is found by its answer of 404", async () => {
  const failed = (await verifyShop()).filter((it) => it.startsWith("FAILED"));

  expect(failed).toContain("FAILED       service api is live: it does not exist. Run opspec up.");
  expect(failed).toContain(
    "FAILED       database main is available: it does not exist. Run opspec up.",
  );
});
