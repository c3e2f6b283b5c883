import { expect, test } from "vitest";

import { useCloud, webService } from "./test-cloud.ts";

const cloud = useCloud();

const CREATE = { method: "POST", path: "/v1/services" };

function inject(...faults: readonly Record<string, unknown>[]) {
  return cloud.local("POST", "/faults", faults);
}

async function serviceNames(): Promise<unknown[]> {
  return (await cloud.render("GET", "/services")).column("service.name");
}

test("a status is answered as often as asked, and nothing is written", async () => {
  await inject({ ...CREATE, status: 503, times: 2 });

  const statuses = [
    (await cloud.render("POST", "/services", webService("a"))).status,
    (await cloud.render("POST", "/services", webService("b"))).status,
    (await cloud.render("POST", "/services", webService("c"))).status,
  ];

  expect(statuses).toEqual([503, 503, 201]);
  expect(await serviceNames()).toEqual(["c"]);
});

test("429 comes without Retry-After, unless it is asked for", async () => {
  await inject({ ...CREATE, status: 429 }, { ...CREATE, status: 429, retryAfter: 7 });

  const bare = await cloud.render("POST", "/services", webService());
  const told = await cloud.render("POST", "/services", webService());

  expect([bare.status, bare.headers.get("retry-after")]).toEqual([429, null]);
  expect([told.status, told.headers.get("retry-after")]).toEqual([429, "7"]);
});

test("a reset before the write leaves nothing behind", async () => {
  await inject({ ...CREATE, reset: "before-write" });

  await expect(cloud.render("POST", "/services", webService())).rejects.toThrow("fetch failed");

  expect(await serviceNames()).toEqual([]);
});

test("a reset after the write leaves the service and no answer", async () => {
  await inject({ ...CREATE, reset: "after-write" });

  await expect(cloud.render("POST", "/services", webService())).rejects.toThrow("fetch failed");

  expect(await serviceNames()).toEqual(["web"]);
  expect((await cloud.local("GET", "/requests")).column("status")).toEqual([0, 200]);
});

test("a delay lets the call through when it is over", async () => {
  await inject({ ...CREATE, delayMs: 120 });

  const startedMs = performance.now();
  const created = await cloud.render("POST", "/services", webService());

  expect(created.status).toBe(201);
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(115);
});

test("a star stands for one segment, and another method goes through", async () => {
  const created = await cloud.render("POST", "/services", webService());
  const path = `/services/${created.text("service.id")}`;
  await inject({ method: "PATCH", path: "/v1/services/*", status: 500 });

  expect((await cloud.render("GET", path)).status).toBe(200);
  expect((await cloud.render("PUT", `${path}/env-vars`, [])).status).toBe(200);
  expect((await cloud.render("PATCH", path, { name: "other" })).status).toBe(500);
  expect((await cloud.render("PATCH", path, { name: "other" })).status).toBe(200);
});

test("a fault that does nothing is refused", async () => {
  const answer = await inject({ ...CREATE });

  expect(answer.status).toBe(400);
  expect(answer.text("message")).toContain("needs status, reset or delayMs");
});
