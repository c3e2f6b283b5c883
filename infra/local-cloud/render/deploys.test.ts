import { expect, test } from "vitest";

import { cronJob, useCloud, webService } from "../test-cloud.ts";

const cloud = useCloud();

async function servicePath(body: unknown = webService()): Promise<string> {
  return `/services/${(await cloud.render("POST", "/services", body)).text("service.id")}`;
}

async function statuses(path: string): Promise<unknown[]> {
  return (await cloud.render("GET", `${path}/deploys`)).column("deploy.status");
}

function advance(advanceSeconds: number) {
  return cloud.local("POST", "/clock", { advanceSeconds });
}

function imageService(type: string, details: Record<string, unknown> = {}) {
  const { repo: _repo, ...body } = webService();
  const serviceDetails = { runtime: "image", plan: "starter", ...details };
  return { ...body, type, image: { imagePath: "nginx" }, serviceDetails };
}

test("a deploy of code is built, prepared and rolled out, in this order", async () => {
  const path = await servicePath(webService("web", { preDeployCommand: "migrate" }));

  const seen = await statuses(path);
  for (let phase = 0; phase < 3; phase += 1) {
    await advance(0.3);
    seen.push(...(await statuses(path)));
  }

  expect(seen).toEqual([
    "build_in_progress",
    "pre_deploy_in_progress",
    "update_in_progress",
    "live",
  ]);
});

test("what is read of a deploy moves with it", async () => {
  const path = await servicePath();
  const [id] = (await cloud.render("GET", `${path}/deploys`)).column("deploy.id");
  const started = await cloud.render("GET", `${path}/deploys/${id}`);

  await advance(5);
  const finished = await cloud.render("GET", `${path}/deploys/${id}`);

  expect(started.body).toMatchObject({
    status: "build_in_progress",
    trigger: "api",
    commit: { id: expect.stringMatching(/^[0-9a-f]{40}$/) },
    finishedAt: null,
  });
  expect(finished.body).toMatchObject({ status: "live", finishedAt: expect.any(String) });
  expect(Date.parse(finished.text("finishedAt")) - Date.parse(finished.text("startedAt"))).toBe(
    600,
  );
});

test.each([
  ["web_service", {}, "update_in_progress"],
  ["web_service", { preDeployCommand: "migrate" }, "pre_deploy_in_progress"],
  ["cron_job", { schedule: "0 3 * * *" }, "live"],
])("an image is not built: a %s with %o begins %s", async (type, details, status) => {
  const path = await servicePath(imageService(type, details));

  expect(await statuses(path)).toEqual([status]);
});

test("under the overriding policy a new deploy cancels the running one", async () => {
  const path = await servicePath();

  const second = await cloud.render("POST", `${path}/deploys`, {});

  expect([second.status, second.text("status")]).toEqual([201, "build_in_progress"]);
  expect(await statuses(path)).toEqual(["build_in_progress", "canceled"]);
});

test("under the waiting policy a new deploy is queued, and answered 202 without a body", async () => {
  await cloud.local("POST", "/settings", { deployPolicy: "wait" });
  const path = await servicePath();

  const second = await cloud.render("POST", `${path}/deploys`, {});
  const queued = await cloud.render("GET", `${path}/deploys?status=queued&limit=1`);
  await advance(0.7);
  const started = await statuses(path);
  await advance(0.6);

  expect([second.status, second.body]).toEqual([202, undefined]);
  expect(queued.column("deploy.startedAt")).toEqual([null]);
  expect(started).toEqual(["build_in_progress", "live"]);
  expect(await statuses(path)).toEqual(["live", "deactivated"]);
});

test("when nothing runs, the waiting policy answers 201", async () => {
  await cloud.local("POST", "/settings", { deployPolicy: "wait" });
  const path = await servicePath();
  await advance(5);

  expect((await cloud.render("POST", `${path}/deploys`, {})).status).toBe(201);
});

test.each([
  ["build_failed", ["build_in_progress", "build_failed"]],
  ["pre_deploy_failed", ["build_in_progress", "pre_deploy_in_progress", "pre_deploy_failed"]],
  ["update_failed", ["build_in_progress", "update_in_progress", "update_failed"]],
  ["canceled", ["build_in_progress", "canceled"]],
])(
  "an injected %s comes in its phase, once, and the old deploy stays live",
  async (deploy, expected) => {
    const path = await servicePath();
    await advance(5);
    await cloud.local("POST", "/faults", [{ deploy, service: "web" }]);
    await cloud.render("POST", `${path}/deploys`, {});

    const seen = [];
    for (let phase = 0; phase < expected.length; phase += 1) {
      const [newest, before] = await statuses(path);
      expect(before).toBe("live");
      seen.push(newest);
      await advance(0.3);
    }
    await cloud.render("POST", `${path}/deploys`, {});
    await advance(5);

    expect(seen).toEqual(expected);
    expect(await statuses(path)).toEqual(["live", deploy, "deactivated"]);
  },
);

test("a fault for one service leaves the others alone", async () => {
  await cloud.local("POST", "/faults", [{ deploy: "build_failed", service: "api" }]);
  const web = await servicePath(webService("web"));
  const api = await servicePath(webService("api"));
  await advance(5);

  expect([await statuses(web), await statuses(api)]).toEqual([["live"], ["build_failed"]]);
});

test("a running deploy is canceled; one that has ended, or a cron job's, is not", async () => {
  const path = await servicePath();
  const [id] = (await cloud.render("GET", `${path}/deploys`)).column("deploy.id");
  const cron = await servicePath(cronJob());
  const [cronId] = (await cloud.render("GET", `${cron}/deploys`)).column("deploy.id");

  const canceled = await cloud.render("POST", `${path}/deploys/${id}/cancel`);
  const again = await cloud.render("POST", `${path}/deploys/${id}/cancel`);
  const cronCanceled = await cloud.render("POST", `${cron}/deploys/${cronId}/cancel`);

  expect([canceled.status, canceled.text("status")]).toEqual([200, "canceled"]);
  expect([again.status, cronCanceled.status]).toEqual([400, 400]);
});

test("a rollback starts what was live, without building it", async () => {
  const path = await servicePath();
  const [first] = (await cloud.render("GET", `${path}/deploys`)).column("deploy.id");
  await advance(5);
  await cloud.render("POST", `${path}/deploys`, { commitId: "b".repeat(40) });
  await advance(5);

  const rollback = await cloud.render("POST", `${path}/rollback`, { deployId: first });

  expect(rollback.status).toBe(201);
  expect(rollback.body).toMatchObject({ trigger: "rollback", status: "update_in_progress" });
  expect(rollback.text("commit.id")).not.toBe("b".repeat(40));
});

test("a rollback to a deploy that failed, or that is not the service's, is refused", async () => {
  await cloud.local("POST", "/faults", [{ deploy: "build_failed" }]);
  const path = await servicePath();
  const [failed] = (await cloud.render("GET", `${path}/deploys`)).column("deploy.id");
  await advance(5);

  expect((await cloud.render("POST", `${path}/rollback`, { deployId: failed })).status).toBe(400);
  expect((await cloud.render("POST", `${path}/rollback`, { deployId: "dep-x" })).status).toBe(404);
});

test.each([
  ["deploy_only with a commit", webService(), { deployMode: "deploy_only", commitId: "c" }],
  ["a commit for a cron job", cronJob(), { commitId: "c" }],
  ["an image for code", webService(), { imageUrl: "nginx:2" }],
  ["another image", imageService("web_service"), { imageUrl: "redis:7" }],
])("refused: %s", async (_name, service, body) => {
  expect((await cloud.render("POST", `${await servicePath(service)}/deploys`, body)).status).toBe(
    400,
  );
});

test("an image deploy may take another tag", async () => {
  const path = await servicePath(imageService("web_service"));

  const deploy = await cloud.render("POST", `${path}/deploys`, {
    imageUrl: "docker.io/library/nginx:1.27",
  });

  expect(deploy.body).toMatchObject({
    commit: null,
    image: { sha: expect.stringMatching(/^sha256:/) },
  });
  expect(deploy.text("image.ref")).toBe("docker.io/library/nginx:1.27");
});
