import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type RenderUnderTest, startRender } from "../../testing/render-plugin.ts";
import { Secret, type TreeObject } from "../kit/property-tree.ts";

const WEB = "urn:pulumi:test::opspec::opspec:index:Service$render:index:WebService::web";
const CRON = "urn:pulumi:test::opspec::opspec:index:Job$render:index:CronJob::nightly";

const web: TreeObject = {
  name: "shop",
  ownerId: "tea-00000000000000000000",
  region: "oregon",
  plan: "starter",
  runtime: "python",
  repo: "https://github.com/example/shop",
  branch: "main",
  buildCommand: "pip install -r requirements.txt",
  startCommand: "python app.py",
  healthCheckPath: "/healthz",
  disk: { name: "data", mountPath: "/var/data", sizeGb: 5 },
  env: { TZ: "UTC", TOKEN: new Secret("first-token") },
  secretFiles: { "opspec-manifest.json": "{}" },
};

const cron: TreeObject = {
  name: "shop-nightly",
  ownerId: "tea-00000000000000000000",
  region: "oregon",
  plan: "starter",
  runtime: "image",
  image: "example.com/runtime:1",
  dockerCommand: "run nightly",
  schedule: "0 3 * * *",
};

let render: RenderUnderTest;

beforeAll(async () => {
  render = await startRender();
});

beforeEach(() => render.reset());

afterAll(() => render.stop());

async function createWeb(): Promise<{ id: string; outputs: TreeObject }> {
  return render.plugin.create(WEB, web);
}

test("a created service is live with its environment, files and disk, and answers where it is", async () => {
  const { id, outputs } = await createWeb();

  expect(outputs).toMatchObject({ slug: "shop", privateUrl: "http://shop:10000" });
  expect(await render.api("GET", `/services/${id}`)).toMatchObject({
    name: "shop",
    serviceDetails: { plan: "starter", disk: { mountPath: "/var/data", sizeGB: 5 } },
  });
  expect(await render.api("GET", `/services/${id}/deploys`)).toMatchObject([
    { deploy: { status: "live" } },
  ]);
});

test("a read right after a create shows no drift, and secrets stay secret", async () => {
  const { id, outputs } = await createWeb();

  const state = await render.plugin.read(WEB, id, { inputs: web, outputs });

  expect(state).toEqual({ inputs: web, outputs });
});

test.each([
  ["plan", { serviceDetails: { plan: "standard" } }, { plan: "standard" }],
  ["name", { name: "shop-2" }, { name: "shop-2" }],
  ["branch", { branch: "next" }, { branch: "next" }],
  [
    "healthCheckPath",
    { serviceDetails: { healthCheckPath: "/other" } },
    { healthCheckPath: "/other" },
  ],
])(
  "a %s that was changed elsewhere is drift, and nothing else is",
  async (_field, patch, drift) => {
    const { id, outputs } = await createWeb();
    await render.api("PATCH", `/services/${id}`, patch);

    const state = await render.plugin.read(WEB, id, { inputs: web, outputs });

    expect(state?.inputs).toEqual({ ...web, ...drift });
  },
);

test("a variable that was changed elsewhere is drift; one that is not ours is not", async () => {
  const { id, outputs } = await createWeb();
  await render.api("PUT", `/services/${id}/env-vars/TOKEN`, { value: "other" });
  await render.api("PUT", `/services/${id}/env-vars/FOREIGN`, { value: "1" });

  const state = await render.plugin.read(WEB, id, { inputs: web, outputs });

  expect(state?.inputs["env"]).toEqual({ TZ: "UTC", TOKEN: new Secret("other") });
});

test("a service that was deleted elsewhere is gone, and deleting it again succeeds", async () => {
  const { id, outputs } = await createWeb();
  await render.api("DELETE", `/services/${id}`);

  expect(await render.plugin.read(WEB, id, { inputs: web, outputs })).toBeUndefined();
  await render.plugin.remove(WEB, id, { inputs: web, outputs });
});

test("an import reads everything, and makes values that may be secret so", async () => {
  const { id } = await createWeb();

  const state = await render.plugin.read(WEB, id, { inputs: {}, outputs: {} });

  expect(state?.inputs).toMatchObject({ name: "shop", plan: "starter", disk: { sizeGb: 5 } });
  expect(state?.inputs["env"]).toMatchObject({ TZ: new Secret("UTC") });
});

test("an update writes what changed, drops what is no longer declared, and deploys once", async () => {
  const { id } = await createWeb();
  const news = {
    ...web,
    plan: "standard",
    env: { TZ: "Europe/Vienna" },
    disk: { name: "data", mountPath: "/var/data", sizeGb: 10 },
  };
  const before = await render.calls();

  await render.plugin.update(WEB, id, { olds: web, news });

  const writes = (await render.calls()).slice(before.length).filter((it) => !it.startsWith("GET"));
  expect(writes.map((it) => it.replace(/(srv|dsk)-[0-9a-z]+/, "$1"))).toEqual([
    "PUT /v1/services/srv/env-vars/OPSPEC_DEPLOY_OWED",
    "PATCH /v1/services/srv",
    "PUT /v1/services/srv/env-vars/TZ",
    "DELETE /v1/services/srv/env-vars/TOKEN",
    "PATCH /v1/disks/dsk",
    "POST /v1/services/srv/deploys",
    "DELETE /v1/services/srv/env-vars/OPSPEC_DEPLOY_OWED",
  ]);
  const state = await render.plugin.read(WEB, id, { inputs: news, outputs: {} });
  expect(state?.inputs).toEqual(news);
});

test("a new name alone is no deploy", async () => {
  const { id } = await createWeb();

  await render.plugin.update(WEB, id, { olds: web, news: { ...web, name: "shop-2" } });

  expect(await render.api("GET", `/services/${id}/deploys`)).toHaveLength(1);
});

test("a field that is no longer declared is cleared", async () => {
  const { id } = await createWeb();
  const { healthCheckPath: _, ...news } = web;

  await render.plugin.update(WEB, id, { olds: web, news });

  const service = (await render.api("GET", `/services/${id}`)) as {
    serviceDetails: { healthCheckPath?: string };
  };
  expect(service.serviceDetails.healthCheckPath ?? "").toBe("");
});

test.each(["before-write", "after-write"])(
  "a create whose answer is lost (%s) makes one service",
  async (reset) => {
    await render.faults({ method: "POST", path: "/v1/services", times: 1, reset });

    const { id } = await createWeb();

    expect(await render.api("GET", "/services")).toMatchObject([{ service: { id } }]);
  },
);

test("a name that is somebody else's is refused, with how to take it over", async () => {
  const { id } = await createWeb();

  const create = render.plugin.create(`${WEB}2`, web);

  await expect(create).rejects.toThrow(
    `name: a web service called "shop" exists (${id}) and this resource did not create it. To adopt it, set pulumi: { import: ${id} } in the spec for one up, whose preview shows the differences, or pulumi: { adopt: true }. Or choose another name.`,
  );
});

test.each([429, 500, 503])("a read that fails with %i is tried again", async (status) => {
  const { id, outputs } = await createWeb();
  await render.faults({ method: "GET", path: "/v1/services", times: 2, status });

  const state = await render.plugin.read(WEB, id, { inputs: web, outputs });

  expect(state?.inputs).toEqual(web);
});

test("a secret of another resource of the run is in no message", async () => {
  const group = "urn:pulumi:test::opspec::render:index:EnvGroup::shared";
  const env = { TOKEN: new Secret("canary-5f2a") };
  await render.plugin.check(group, { name: "shared", ownerId: web["ownerId"] ?? null, env });
  await render.faults({ method: "POST", path: "/v1/services", times: 1, status: 400 });

  const create = render.plugin.create(WEB, { ...web, name: "canary-5f2a" });

  await expect(create).rejects.toThrow('could not create service "[secret]": HTTP 400');
});

test("a first deploy that fails keeps the service in state and says Render's status and last log lines", async () => {
  await render.faults({ deploy: "build_failed", service: "shop", times: 1 });

  const create = createWeb();

  await expect(create).rejects.toThrow(
    /deploy dep-\w+ of "shop" ended as build_failed[\s\S]*last log lines:\n {2}\S/,
  );
  expect(await render.api("GET", "/services")).toHaveLength(1);
});

test("after a failed deploy an update with the same inputs deploys again", async () => {
  await render.faults({ deploy: "build_failed", service: "shop", times: 1 });
  await createWeb().catch(() => undefined);
  const [{ service }] = (await render.api("GET", "/services")) as [{ service: { id: string } }];

  await render.plugin.update(WEB, service.id, { olds: web, news: web });

  const deploys = (await render.api("GET", `/services/${service.id}/deploys`)) as {
    deploy: { status: string };
  }[];
  expect(deploys.map((it) => it.deploy.status)).toEqual(["live", "build_failed"]);
});

test("a cron job is made, drifts and is changed in place", async () => {
  const { id, outputs } = await render.plugin.create(CRON, cron);
  expect(await render.plugin.read(CRON, id, { inputs: cron, outputs })).toEqual({
    inputs: cron,
    outputs,
  });

  await render.api("PATCH", `/services/${id}`, { serviceDetails: { schedule: "0 4 * * *" } });
  await render.nextRun();
  const drifted = await render.plugin.read(CRON, id, { inputs: cron, outputs });
  expect(drifted?.inputs).toEqual({ ...cron, schedule: "0 4 * * *" });

  await render.plugin.update(CRON, id, { olds: { ...cron, schedule: "0 4 * * *" }, news: cron });
  expect((await render.plugin.read(CRON, id, { inputs: cron, outputs }))?.inputs).toEqual(cron);
});

test("region and owner replace, everything else is changed in place", async () => {
  const news = { ...web, ownerId: "tea-00000000000000000001", region: "ohio", plan: "pro" };

  expect(await render.plugin.diff(WEB, web, news)).toEqual({
    ownerId: "update-replace",
    region: "update-replace",
    plan: "update",
  });
});

test("a state that describes another cloud is refused", async () => {
  await expect(render.plugin.configure({ cloud: "api.render.com" })).rejects.toThrow(
    'this stack\'s state belongs to the cloud "api.render.com", but RENDER_HOST points to "local"',
  );
  await expect(
    render.plugin.diffConfig({ cloud: "api.render.com" }, { cloud: "local" }),
  ).rejects.toThrow("Point RENDER_HOST back to it, or use another stack.");
});
