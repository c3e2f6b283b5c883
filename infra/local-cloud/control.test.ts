import { expect, test } from "vitest";

import { useCloud, webService } from "./test-cloud.ts";

const cloud = useCloud();

test("a reset forgets everything: resources, settings, clock, faults and calls", async () => {
  await cloud.render("POST", "/services", webService());
  await cloud.local("POST", "/settings", { strict: true, deployPolicy: "wait" });
  await cloud.local("POST", "/clock", { advanceSeconds: 86_400 });
  await cloud.local("POST", "/faults", [{ path: "/v1/services", status: 500 }]);

  await cloud.local("POST", "/reset");

  expect((await cloud.local("GET", "/requests")).body).toEqual([]);
  expect((await cloud.render("GET", "/services")).body).toEqual([]);
  expect((await cloud.local("POST", "/settings", {})).body).toEqual({
    deployPolicy: "override",
    rateLimits: "off",
    strict: false,
  });
  const now = (await cloud.local("POST", "/clock", { advanceSeconds: 0 })).text("now");
  expect(Math.abs(Date.parse(now) - Date.now())).toBeLessThan(5000);
});

test("settings change one by one, and what is unknown is refused by name", async () => {
  const changed = await cloud.local("POST", "/settings", { rateLimits: "on" });
  const unknown = await cloud.local("POST", "/settings", { rateLimit: "on" });

  expect(changed.body).toEqual({ deployPolicy: "override", rateLimits: "on", strict: false });
  expect(unknown.status).toBe(400);
  expect(unknown.text("message")).toContain("rateLimit");
});

test("the clock goes forward only, and deploys with it", async () => {
  const created = await cloud.render("POST", "/services", webService());
  const path = `/services/${created.text("service.id")}/deploys`;

  const backwards = await cloud.local("POST", "/clock", { advanceSeconds: -1 });
  await cloud.local("POST", "/clock", { advanceSeconds: 10 });

  expect(backwards.status).toBe(400);
  expect((await cloud.render("GET", path)).column("deploy.status")).toEqual(["live"]);
});

test("the list of calls says what was asked and answered, and no secret", async () => {
  const canary = "canary-5f1c";
  await cloud.render("POST", "/services", {
    ...webService(),
    envVars: [{ key: "TOKEN", value: canary }],
  });
  await cloud.render("GET", "/services?limit=5&type=web_service");

  const requests = await cloud.local("GET", "/requests");

  expect(requests.body).toEqual([
    {
      method: "POST",
      path: "/v1/services",
      query: "",
      status: 201,
      at: expect.stringMatching(/^\d{4}-.*Z$/),
      ms: expect.any(Number),
    },
    expect.objectContaining({
      path: "/v1/services",
      query: "limit=5&type=web_service",
      status: 200,
    }),
  ]);
  expect(JSON.stringify(requests.body)).not.toContain(canary);
  expect(JSON.stringify(requests.body)).not.toContain("rnd_test");
});

test("a body that is not JSON is refused", async () => {
  const answer = await fetch(`${cloud.urls.local}/clock`, { method: "POST", body: "ten" });

  expect(answer.status).toBe(400);
  expect(await answer.json()).toEqual({
    message: "/__local/clock: the body is not JSON. Send one JSON value.",
  });
});
