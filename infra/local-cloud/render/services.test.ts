import { expect, test } from "vitest";

import { cronJob, useCloud, webService } from "../test-cloud.ts";

const cloud = useCloud();

const OWNER = "tea-local000000000000000";

async function created(body: unknown) {
  const answer = await cloud.render("POST", "/services", body);
  expect(answer.body).toMatchObject({ service: {} });
  return answer;
}

async function refusal(body: unknown) {
  const answer = await cloud.render("POST", "/services", body);
  return [answer.status, answer.text("message")];
}

function cronAt(schedule: string) {
  return { ...cronJob(), serviceDetails: { ...cronJob().serviceDetails, schedule } };
}

test("a web service is answered as Render reads it back, with its first deploy", async () => {
  const answer = await created(webService());

  const id = answer.text("service.id");
  expect(answer.status).toBe(201);
  expect(id).toMatch(/^srv-[0-9a-v]{20}$/);
  expect(answer.text("deployId")).toMatch(/^dep-[0-9a-v]{20}$/);
  expect((await cloud.render("GET", `/services/${id}`)).body).toEqual({
    id,
    type: "web_service",
    name: "web",
    slug: "web",
    ownerId: OWNER,
    createdAt: expect.stringMatching(/\.\d{6}Z$/),
    updatedAt: expect.stringMatching(/\.\d{6}Z$/),
    rootDir: "",
    dashboardUrl: `https://dashboard.render.com/web/${id}`,
    autoDeploy: "yes",
    autoDeployTrigger: "commit",
    notifyOnFail: "default",
    suspended: "not_suspended",
    suspenders: [],
    repo: "https://example.com/acme/web",
    branch: "main",
    serviceDetails: {
      runtime: "node",
      env: "node",
      region: "oregon",
      plan: "starter",
      buildPlan: "starter",
      envSpecificDetails: { buildCommand: "npm ci", startCommand: "npm start" },
      numInstances: 1,
      sshAddress: `${id}@ssh.oregon.render.com`,
      healthCheckPath: "",
      maintenanceMode: { enabled: false, uri: "" },
      previews: { generation: "off" },
      pullRequestPreviewsEnabled: "no",
      url: "https://web.onrender.com",
      openPorts: [{ port: 10_000, protocol: "TCP" }],
    },
  });
});

test("a cron job has its own id prefix, a schedule and no address", async () => {
  const answer = await created(cronJob());

  expect(answer.text("service.id")).toMatch(/^crn-/);
  expect(answer.text("service.dashboardUrl")).toContain("/cron/crn-");
  expect(answer.body).toMatchObject({ service: { serviceDetails: { schedule: "0 3 * * *" } } });
  expect(answer.body).not.toHaveProperty("service.serviceDetails.url");
  expect(answer.body).not.toHaveProperty("service.serviceDetails.numInstances");
});

test.each([
  ["private_service", "pserv", "api:10000"],
  ["background_worker", "worker", undefined],
])("a %s is shown under /%s at %s", async (type, short, url) => {
  const { body } = await created({ ...webService("api"), type });

  expect(body).toMatchObject({ service: { dashboardUrl: expect.stringContaining(`/${short}/`) } });
  expect(body).toHaveProperty("service.serviceDetails.plan", "starter");
  if (url) expect(body).toHaveProperty("service.serviceDetails.url", url);
  else expect(body).not.toHaveProperty("service.serviceDetails.url");
});

test("a static site has neither runtime nor plan", async () => {
  const { body } = await created({
    type: "static_site",
    name: "docs",
    ownerId: OWNER,
    repo: "https://example.com/acme/docs",
    serviceDetails: { buildCommand: "make" },
  });

  expect(body).toHaveProperty("service.serviceDetails.publishPath", "public");
  expect(body).not.toHaveProperty("service.serviceDetails.plan");
  expect(body).not.toHaveProperty("service.serviceDetails.runtime");
});

test("an image is read back with its full name and empty Docker settings", async () => {
  const answer = await created({
    type: "web_service",
    name: "proxy",
    ownerId: OWNER,
    image: { imagePath: "nginx" },
    serviceDetails: { runtime: "image", plan: "starter", preDeployCommand: "migrate" },
  });

  expect(answer.text("service.imagePath")).toBe("docker.io/library/nginx:latest");
  expect(answer.body).not.toHaveProperty("service.repo");
  expect(answer.body).toHaveProperty("service.serviceDetails.envSpecificDetails", {
    dockerCommand: "",
    dockerContext: "",
    dockerfilePath: "",
    preDeployCommand: "migrate",
  });
});

test("a new name keeps slug and address, and a taken slug gets a suffix", async () => {
  const first = await created(webService("web"));
  const path = `/services/${first.text("service.id")}`;

  const renamed = await cloud.render("PATCH", path, { name: "front" });
  const second = await created(webService("web"));

  expect(renamed.body).toMatchObject({
    name: "front",
    slug: "web",
    serviceDetails: { url: "https://web.onrender.com" },
  });
  expect(second.text("service.slug")).toMatch(/^web-[0-9a-v]{4}$/);
});

test("a change is normalised as a create is", async () => {
  const path = `/services/${(await created(webService())).text("service.id")}`;
  const patch = (body: unknown) => cloud.render("PATCH", path, body);

  expect((await patch({ autoDeploy: "no" })).body).toMatchObject({ autoDeployTrigger: "off" });
  expect((await patch({ autoDeployTrigger: "checksPass" })).body).toMatchObject({
    autoDeploy: "yes",
    autoDeployTrigger: "checksPass",
  });
  expect(
    (
      await patch({
        serviceDetails: { previews: { generation: "automatic" }, pullRequestPreviewsEnabled: "no" },
      })
    ).body,
  ).toHaveProperty("serviceDetails.pullRequestPreviewsEnabled", "yes");
  expect((await patch({ buildFilter: { paths: ["a/**"] } })).body).toMatchObject({
    buildFilter: { paths: ["a/**"], ignoredPaths: [] },
  });
  expect(
    (await patch({ buildFilter: { paths: null, ignoredPaths: null } })).body,
  ).not.toHaveProperty("buildFilter");
});

test("the runtime changes in place, from native to Docker to an image", async () => {
  const path = `/services/${(await created(webService())).text("service.id")}`;

  const docker = await cloud.render("PATCH", path, { serviceDetails: { runtime: "docker" } });
  const image = await cloud.render("PATCH", path, {
    image: { imagePath: "ghcr.io/acme/web:1" },
    serviceDetails: { runtime: "image" },
  });

  expect(docker.body).toHaveProperty("serviceDetails.envSpecificDetails", {
    dockerCommand: "",
    dockerContext: ".",
    dockerfilePath: "./Dockerfile",
  });
  expect(image.body).toMatchObject({ imagePath: "ghcr.io/acme/web:1" });
});

test("a change alone does not deploy", async () => {
  const path = `/services/${(await created(webService())).text("service.id")}`;

  await cloud.render("PATCH", path, { branch: "next" });

  expect((await cloud.render("GET", `${path}/deploys`)).column("deploy.trigger")).toEqual(["api"]);
});

test.each([
  ["no name", { ...webService(), name: undefined }, /^invalid request: name: /],
  ["no owner", { ...webService(), ownerId: "acme" }, /^invalid ownerId: acme$/],
  ["unknown type", { ...webService(), type: "lambda" }, /^invalid request: type: /],
  ["no start command", webService("w", { envSpecificDetails: {} }), /startCommand are required/],
  ["no runtime", webService("w", { runtime: undefined }), /runtime is required$/],
  ["unknown region", webService("w", { region: "mars" }), /serviceDetails.region: /],
  [
    "free with maintenance",
    webService("w", { plan: "free", maintenanceMode: { enabled: true } }),
    /plan free/,
  ],
  [
    "free cron job",
    { ...cronJob(), serviceDetails: { ...cronJob().serviceDetails, plan: "free" } },
    /plan free/,
  ],
  ["cron job without schedule", { ...webService(), type: "cron_job" }, /schedule is required$/],
  ["a schedule of six fields", cronAt("0 0 3 * * *"), /^invalid schedule: /],
  ["a schedule by nickname", cronAt("@daily"), /^invalid schedule: /],
  ["a schedule out of range", cronAt("61 * * * *"), /^invalid schedule: /],
  ["no source", { ...webService(), repo: undefined }, /^repo is required$/],
])("refused: %s", async (_name, body, message) => {
  expect(await refusal(body)).toEqual([400, expect.stringMatching(message)]);
});

test("a name is taken once in a workspace", async () => {
  await created(webService("web"));
  await created({ ...webService("web"), ownerId: "tea-another0000000000000" });

  expect(await refusal(webService("web"))).toEqual([409, "name already in use: web"]);
});

test("unknown fields are dropped, and refused by path when the cloud is strict", async () => {
  const body = { ...webService("a", { colour: "red" }), shape: "round" };
  const lenient = await created(body);
  await cloud.local("POST", "/settings", { strict: true });

  expect(lenient.body).not.toHaveProperty("service.shape");
  expect(await refusal({ ...body, name: "b" })).toEqual([
    400,
    "unknown fields: serviceDetails.colour, shape",
  ]);
  await created(webService("c"));
});

test("a region cannot be changed: dropped, or refused when strict", async () => {
  const path = `/services/${(await created(webService())).text("service.id")}`;
  const change = { serviceDetails: { region: "ohio" } };

  const lenient = await cloud.render("PATCH", path, change);
  await cloud.local("POST", "/settings", { strict: true });

  expect(lenient.body).toHaveProperty("serviceDetails.region", "oregon");
  expect((await cloud.render("PATCH", path, change)).status).toBe(400);
});

test("lists are filtered, newest first, in pages that end with an empty one", async () => {
  for (const name of ["a", "b", "c"]) await created(webService(name));
  await created(cronJob("d"));

  const page = await cloud.render("GET", "/services?limit=3");
  const cursor = encodeURIComponent(String(page.column("cursor").at(-1)));
  const rest = await cloud.render("GET", `/services?limit=3&cursor=${cursor}`);
  const last = encodeURIComponent(String(rest.column("cursor").at(-1)));
  const some = await cloud.render("GET", "/services?name=a&name=d&type=cron_job");

  expect(page.column("service.name")).toEqual(["d", "c", "b"]);
  expect(rest.column("service.name")).toEqual(["a"]);
  expect((await cloud.render("GET", `/services?cursor=${last}`)).body).toEqual([]);
  expect((await cloud.render("GET", "/services?cursor=")).column("service.name")).toHaveLength(4);
  expect(some.column("service.name")).toEqual(["d"]);
});

test("a deleted service is gone, with everything that was its own", async () => {
  const disk = { name: "data", mountPath: "/var/data" };
  const path = `/services/${(await created(webService("web", { disk }))).text("service.id")}`;

  const deleted = await cloud.render("DELETE", path);

  expect([deleted.status, deleted.body]).toEqual([204, undefined]);
  expect(deleted.headers.get("content-type")).toBeNull();
  expect((await cloud.render("GET", path)).body).toEqual({
    message: `not found: ${path.split("/").at(-1)}`,
  });
  expect((await cloud.render("DELETE", path)).status).toBe(404);
  expect((await cloud.render("GET", `${path}/deploys`)).status).toBe(404);
  expect((await cloud.render("GET", "/disks")).body).toEqual([]);
});
