import { afterAll, beforeAll, expect, test } from "vitest";
import { register, registerProvider } from "../infra/components/register.ts";
import { type LocalCloud, startLocalCloud } from "../infra/local-cloud/server.ts";
import { MARKER_KEY } from "../infra/provider/render/marker.ts";
import { CronJob } from "../infra/resources/render/cron-job.ts";
import { EnvGroup } from "../infra/resources/render/env-group.ts";
import { RenderProvider } from "../infra/resources/render/provider.ts";
import { WebService } from "../infra/resources/render/web-service.ts";
import { send } from "../infra/testing/render-plugin.ts";
import { openScratchStack, type ScratchStack } from "../scripts/workspace/scratch-stack.ts";

/** Resources that were created in the dashboard, and the program that imports them. */
const OLDER = { name: "older", ownerId: "tea-00000000000000000000" };
const CRON = { runtime: "image", plan: "starter", region: "oregon", schedule: "0 3 * * *" };
const IMAGE = "docker.io/library/nginx:1";

const DISK = { name: "data", mountPath: "/var/data", sizeGb: 1 };

/** The program's inputs of the web service, which has more in the dashboard. */
const WEB = { runtime: "image", plan: "starter", region: "oregon" };

let cloud: LocalCloud;
let engine: ScratchStack;
let cron: string;
let group: string;
let web: string;
let plan = WEB.plan;
let hasDisk = false;

beforeAll(async () => {
  cloud = await startLocalCloud({});
  const { service } = (await render("POST", "/services", {
    ...OLDER,
    type: "cron_job",
    image: { ownerId: OLDER.ownerId, imagePath: IMAGE },
    serviceDetails: CRON,
  })) as { service: { id: string } };
  const envVars = [{ key: "TZ", value: "UTC" }];
  const made = (await render("POST", "/env-groups", { ...OLDER, envVars })) as { id: string };
  [cron, group] = [service.id, made.id];
  web = await makeWeb();
  engine = await openScratchStack(async () => registerOlder(), cloud.urls.render);
});

afterAll(async () => {
  engine.remove();
  await cloud.stop();
});

/** A web service with one declared variable and many undeclared fields. */
async function makeWeb(): Promise<string> {
  const { service } = (await render("POST", "/services", {
    ...OLDER,
    name: "older-web",
    type: "web_service",
    autoDeploy: "no",
    image: { ownerId: OLDER.ownerId, imagePath: IMAGE },
    envVars: [
      { key: "TZ", value: "UTC" },
      { key: "FOREIGN", value: "1" },
    ],
    secretFiles: [{ name: "foreign.txt", content: "1" }],
    serviceDetails: {
      ...WEB,
      healthCheckPath: "/healthz",
      disk: { name: "data", mountPath: "/var/data", sizeGB: 1 },
    },
  })) as { service: { id: string } };
  await render("POST", `/services/${service.id}/custom-domains`, { name: "shop.example.com" });
  await render("POST", `/env-groups/${group}/services/${service.id}`);
  return service.id;
}

function render(method: string, path: string, body?: unknown): Promise<unknown> {
  return send(`${cloud.urls.render}${path}`, method, body);
}

function registerOlder(): void {
  const provider = registerProvider(RenderProvider);
  register(CronJob, "older", {
    inputs: { ...OLDER, ...CRON, image: IMAGE },
    options: { provider, import: cron },
  });
  register(EnvGroup, "older", {
    inputs: { ...OLDER, env: { TZ: "UTC" } },
    options: { provider, import: group },
  });
  register(WebService, "older-web", {
    inputs: {
      ...OLDER,
      ...WEB,
      name: "older-web",
      plan,
      image: IMAGE,
      env: { TZ: "UTC" },
      ...(hasDisk && { disk: DISK }),
    },
    options: { provider, import: web },
  });
}

/** The resources on Render, without times of changes and our marker. */
async function atRender(): Promise<unknown[]> {
  const services = await Promise.all([cron, web].map(serviceAt));
  const { envVars } = (await render("GET", `/env-groups/${group}`)) as {
    envVars: { key: string }[];
  };
  return [...services, envVars.filter((it) => it.key !== MARKER_KEY)];
}

async function serviceAt(id: string): Promise<unknown[]> {
  const { updatedAt: _changed, ...service } = (await render("GET", `/services/${id}`)) as Record<
    string,
    unknown
  >;
  const parts = ["env-vars", "secret-files", "custom-domains"].map((it) =>
    render("GET", `/services/${id}/${it}`),
  );
  return [service, ...(id === web ? await Promise.all(parts) : [])];
}

test("what is there already is imported by id, shows an import and nothing else, and stays as it is", async () => {
  const before = await atRender();

  const preview = await engine.preview();
  const { failure, steps } = await engine.up();

  expect(failure).toBeUndefined();
  const imports = ["CronJob older", "EnvGroup older", "WebService older-web"];
  for (const shown of [preview.steps, steps]) {
    expect(shown.map(({ op, type, name }) => `${op} ${type} ${name}`).toSorted()).toEqual(
      imports.map((it) => `import render:index:${it}`),
    );
  }
  expect(await atRender()).toEqual(before);
  expect((await engine.preview()).steps).toEqual([]);
  expect((await engine.refresh()).steps).toEqual([]);
});

test("an import shows exactly the declared field that differs, and changes that alone", async () => {
  await forget("older-web");
  const before = (await serviceAt(web)) as [{ serviceDetails: object }, ...unknown[]];
  plan = "standard";

  const { failure, steps } = await engine.up();

  expect(failure).toBeUndefined();
  expect(steps.map(({ op, name, fields }) => `${op} ${name} ${fields.join()}`.trim())).toEqual([
    "import older-web",
    "update older-web plan",
  ]);
  const [service, ...parts] = before;
  const serviceDetails = { ...service.serviceDetails, plan };
  expect(await serviceAt(web)).toEqual([{ ...service, serviceDetails }, ...parts]);
  expect((await engine.preview()).steps).toEqual([]);
});

test("what keeps data outlives a destroy without consent, by hand too", async () => {
  hasDisk = true;
  expect((await engine.up()).failure).toBeUndefined();

  const { failure } = await engine.destroy({ keepData: true });

  expect(failure).toContain("cannot be deleted\nbecause it is protected");
  expect(await render("GET", `/services/${web}`)).toMatchObject({ name: "older-web" });
  expect((await engine.destroy()).failure).toBeUndefined();
  expect(await render("GET", "/services")).toEqual([]);
});

/** Removes a resource from the state, as if it had never been imported. */
async function forget(name: string): Promise<void> {
  const { version, deployment } = await engine.stack.exportStack();
  const { resources, ...rest } = deployment as { resources: { urn: string }[] };
  const others = resources.filter(({ urn }) => !urn.endsWith(`::${name}`));
  await engine.stack.importStack({ version, deployment: { ...rest, resources: others } });
}
