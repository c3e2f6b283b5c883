import { expect, test } from "vitest";

import { cronJob, useCloud, webService } from "../test-cloud.ts";

const cloud = useCloud();

async function newService(body: unknown): Promise<string> {
  return (await cloud.render("POST", "/services", body)).text("service.id");
}

async function eventTypes(serviceId: string, type?: string): Promise<unknown[]> {
  const query = type ? `?type=${type}` : "";
  return (await cloud.render("GET", `/services/${serviceId}/events${query}`)).column("event.type");
}

function advance(advanceSeconds: number) {
  return cloud.local("POST", "/clock", { advanceSeconds });
}

test("a cron job has one run at a time: a new one cancels the one before", async () => {
  const id = await newService(cronJob());
  const first = await cloud.render("POST", `/cron-jobs/${id}/runs`);
  await cloud.render("POST", `/cron-jobs/${id}/runs`);
  await advance(5);

  const ended = await cloud.render("GET", `/services/${id}/events?type=cron_job_run_ended`);

  expect([first.status, first.text("status")]).toEqual([200, "pending"]);
  expect(ended.column("event.details.status")).toEqual(["succeeded", "canceled"]);
  expect(ended.column("event.details.cronJobRunId")[1]).toBe(first.text("id"));
});

test("an active run is canceled with 204, and no success is claimed for the cron job", async () => {
  const id = await newService(cronJob());
  await cloud.render("POST", `/cron-jobs/${id}/runs`);

  const canceled = await cloud.render("DELETE", `/cron-jobs/${id}/runs`);

  expect([canceled.status, canceled.body]).toEqual([204, undefined]);
  expect(await eventTypes(id, "cron_job_run_ended")).toHaveLength(1);
  expect((await cloud.render("GET", `/services/${id}`)).body).not.toHaveProperty(
    "serviceDetails.lastSuccessfulRunAt",
  );
});

test("runs are for cron jobs that are not suspended", async () => {
  const web = await newService(webService());
  const cron = await newService(cronJob());
  await cloud.render("POST", `/services/${cron}/suspend`);

  expect((await cloud.render("POST", `/cron-jobs/${web}/runs`)).status).toBe(404);
  expect((await cloud.render("POST", `/cron-jobs/${cron}/runs`)).status).toBe(400);
});

test("a fresh job has no status; then it is pending, running and succeeded", async () => {
  const path = `/services/${await newService(webService())}/jobs`;
  const created = await cloud.render("POST", path, { startCommand: "npm run task" });
  const one = `${path}/${created.text("id")}`;

  const seen = [];
  for (let step = 0; step < 3; step += 1) {
    seen.push((await cloud.render("GET", one)).text("status"));
    await advance(0.3);
  }

  expect(created.status).toBe(201);
  expect(created.body).toMatchObject({ status: null, startedAt: null, finishedAt: null });
  expect(seen).toEqual(["pending", "running", "succeeded"]);
  expect((await cloud.render("GET", `${path}?status=succeeded`)).column("job.id")).toEqual([
    created.text("id"),
  ]);
});

test("a job is canceled while it runs, and not afterwards", async () => {
  const path = `/services/${await newService(webService())}/jobs`;
  const one = `${path}/${(await cloud.render("POST", path, { startCommand: "x" })).text("id")}`;

  const canceled = await cloud.render("POST", `${one}/cancel`);
  const again = await cloud.render("POST", `${one}/cancel`);

  expect([canceled.status, canceled.text("status")]).toEqual([200, "canceled"]);
  expect(again.status).toBe(400);
});

test("events tell of deploys and suspensions, newest first, and are found by id", async () => {
  const id = await newService(webService());
  await advance(5);
  await cloud.render("POST", `/services/${id}/suspend`);
  await advance(5);
  await cloud.render("POST", `/services/${id}/resume`);

  const events = await cloud.render("GET", `/services/${id}/events`);
  const [eventId] = events.column("event.id");

  expect(events.column("event.type")).toEqual(
    expect.arrayContaining(["service_suspended", "service_resumed", "deploy_ended"]),
  );
  expect(events.column("event.type").at(-1)).toBe("deploy_started");
  expect((await cloud.render("GET", `/events/${eventId}`)).body).toMatchObject({ id: eventId });
  expect((await cloud.render("GET", "/events/evt-none")).status).toBe(404);
  expect(await eventTypes(id, "service_suspended")).toEqual(["service_suspended"]);
});
