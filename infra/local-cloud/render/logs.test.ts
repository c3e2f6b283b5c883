import { beforeEach, expect, test } from "vitest";

import { useCloud, webService } from "../test-cloud.ts";

const cloud = useCloud();
let query = "";

beforeEach(async () => {
  const reason = "npm error: canary package is missing";
  await cloud.local("POST", "/faults", [{ deploy: "build_failed", service: "web", reason }]);
  const created = await cloud.render("POST", "/services", webService());
  query = `/logs?ownerId=tea-local000000000000000&resource=${created.text("service.id")}`;
});

test("a failed deploy tells its reason in the log, newest line first", async () => {
  await cloud.local("POST", "/clock", { advanceSeconds: 5 });

  const logs = await cloud.render("GET", query);

  expect(logs.body).toMatchObject({
    hasMore: false,
    logs: [
      { message: "==> Deploy ended: build_failed" },
      { message: "error: npm error: canary package is missing" },
      { message: expect.stringMatching(/^==> Building commit/) },
    ],
  });
  expect(logs.body).toHaveProperty("logs.1.labels", [
    { name: "resource", value: expect.stringMatching(/^srv-/) },
    { name: "type", value: "build" },
    { name: "level", value: "error" },
  ]);
});

test("the log holds what has happened by now", async () => {
  expect((await cloud.render("GET", query)).body).toMatchObject({
    logs: [{ message: expect.stringMatching(/^==> Building/) }],
  });
});

test("a log is filtered by level and text, and paged in both directions", async () => {
  await cloud.local("POST", "/clock", { advanceSeconds: 5 });

  const errors = await cloud.render("GET", `${query}&level=error&text=canary`);
  const page = await cloud.render("GET", `${query}&limit=1&direction=forward`);
  const next = await cloud.render(
    "GET",
    `${query}&direction=forward&startTime=${page.text("nextStartTime")}`,
  );

  expect(errors.body).toMatchObject({ logs: [{ message: expect.stringContaining("canary") }] });
  expect(page.body).toMatchObject({ hasMore: true, logs: [{}] });
  expect(next.body).toMatchObject({ hasMore: false, logs: [{}, {}] });
});

test("owner and resource must be named", async () => {
  expect((await cloud.render("GET", "/logs?ownerId=tea-1")).status).toBe(400);
  expect((await cloud.render("GET", "/logs?ownerId=tea-1&resource=srv-x")).status).toBe(404);
});
