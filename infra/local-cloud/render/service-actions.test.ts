import { expect, test } from "vitest";

import { cronJob, useCloud, webService } from "../test-cloud.ts";

const cloud = useCloud();

async function servicePath(body: unknown = webService()): Promise<string> {
  return `/services/${(await cloud.render("POST", "/services", body)).text("service.id")}`;
}

test("a suspended service cannot be deployed, and its running deploy is canceled", async () => {
  const path = await servicePath();

  const suspend = await cloud.render("POST", `${path}/suspend`);
  const deploy = await cloud.render("POST", `${path}/deploys`, {});

  expect([suspend.status, suspend.body]).toEqual([202, undefined]);
  expect((await cloud.render("GET", path)).body).toMatchObject({
    suspended: "suspended",
    suspenders: ["user"],
  });
  expect([deploy.status, deploy.body]).toEqual([
    400,
    { message: "cannot deploy suspended service" },
  ]);
  expect((await cloud.render("GET", `${path}/deploys`)).column("deploy.status")).toEqual([
    "canceled",
  ]);
});

test("a resumed service is deployed", async () => {
  const path = await servicePath();
  await cloud.render("POST", `${path}/suspend`);

  const resume = await cloud.render("POST", `${path}/resume`);

  expect(resume.status).toBe(202);
  expect((await cloud.render("GET", path)).body).toMatchObject({
    suspended: "not_suspended",
    suspenders: [],
  });
  expect((await cloud.render("GET", `${path}/deploys`)).column("deploy.trigger")).toEqual([
    "service_resumed",
    "api",
  ]);
});

test("only what a user has suspended can be resumed", async () => {
  const answer = await cloud.render("POST", `${await servicePath()}/resume`);

  expect(answer.body).toEqual({ message: "only services suspended by a user can be resumed" });
});

test("a service restarts with 200 and an empty answer, a cron job does not", async () => {
  const web = await cloud.render("POST", `${await servicePath()}/restart`);
  const cron = await cloud.render("POST", `${await servicePath(cronJob())}/restart`);

  expect([web.status, web.body]).toEqual([200, undefined]);
  expect(cron.status).toBe(400);
});

test("the cache of a web service is purged, a cron job has none", async () => {
  const web = await cloud.render("POST", `${await servicePath()}/cache/purge`);
  const cron = await cloud.render("POST", `${await servicePath(cronJob())}/cache/purge`);

  expect([web.status, cron.status]).toEqual([202, 400]);
});
