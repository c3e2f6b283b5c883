import { expect, test } from "vitest";

import { cronJob, useCloud, webService } from "../test-cloud.ts";

const cloud = useCloud();

const TARGET = { enabled: true, percentage: 60 };
const AUTOSCALING = {
  enabled: true,
  min: 2,
  max: 4,
  criteria: { cpu: TARGET, memory: { enabled: false, percentage: 70 } },
};

async function servicePath(body: unknown = webService()): Promise<string> {
  return `/services/${(await cloud.render("POST", "/services", body)).text("service.id")}`;
}

test("scaling takes effect at once, without a deploy", async () => {
  const path = await servicePath();

  const answer = await cloud.render("POST", `${path}/scale`, { numInstances: 3 });

  expect([answer.status, answer.body]).toEqual([202, undefined]);
  expect((await cloud.render("GET", path)).body).toHaveProperty("serviceDetails.numInstances", 3);
  expect((await cloud.render("GET", `${path}/instances`)).body).toHaveLength(3);
  expect((await cloud.render("GET", `${path}/deploys`)).body).toHaveLength(1);
});

test("while autoscaling is on, a scale is remembered, and it counts once autoscaling is deleted", async () => {
  const path = await servicePath();

  const put = await cloud.render("PUT", `${path}/autoscaling`, AUTOSCALING);
  const scale = await cloud.render("POST", `${path}/scale`, { numInstances: 9 });
  const service = await cloud.render("GET", path);

  expect([put.status, scale.status]).toEqual([200, 202]);
  expect(put.body).toEqual(AUTOSCALING);
  expect(service.body).toMatchObject({
    serviceDetails: { numInstances: 1, autoscaling: AUTOSCALING },
  });
  await cloud.render("DELETE", `${path}/autoscaling`);
  expect((await cloud.render("GET", path)).body).toHaveProperty("serviceDetails.numInstances", 9);
});

test("autoscaling that is deleted disappears from the service", async () => {
  const path = await servicePath(webService("web", { autoscaling: AUTOSCALING }));

  expect((await cloud.render("DELETE", `${path}/autoscaling`)).status).toBe(204);
  expect((await cloud.render("GET", path)).body).not.toHaveProperty("serviceDetails.autoscaling");
});

test("a cron job, the free plan and turned bounds are refused", async () => {
  const cron = await servicePath(cronJob());
  const free = await servicePath(webService("free", { plan: "free" }));
  const paid = await servicePath();

  const answers = [
    await cloud.render("POST", `${cron}/scale`, { numInstances: 2 }),
    await cloud.render("POST", `${free}/scale`, { numInstances: 2 }),
    await cloud.render("PUT", `${paid}/autoscaling`, { ...AUTOSCALING, min: 5 }),
  ];

  expect(answers.map(({ body }) => body)).toEqual([
    { message: "cannot scale a service of type cron_job" },
    { message: "plan free has one instance" },
    { message: "autoscaling min must not be greater than max" },
  ]);
});
