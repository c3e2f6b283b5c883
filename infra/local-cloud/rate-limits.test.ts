import { expect, test } from "vitest";

import { createRateLimiter } from "./rate-limits.ts";
import { useCloud, webService } from "./test-cloud.ts";

const cloud = useCloud();

test.each([
  ["GET", "/services", 400, 60],
  ["GET", "/services/srv-1/deploys", 400, 60],
  ["PUT", "/services/srv-1/env-vars", 100, 60],
  ["DELETE", "/services/srv-1", 100, 60],
  ["PATCH", "/services/srv-1", 10, 60],
  ["POST", "/services/srv-1/deploys", 10, 60],
  ["POST", "/services/srv-1/scale", 10, 60],
  ["POST", "/services", 20, 3600],
  ["POST", "/postgres", 20, 3600],
  ["POST", "/key-value", 20, 3600],
  ["POST", "/services/srv-1/custom-domains", 50, 3600],
  ["PUT", "/logs/streams/owner/tea-1", 30, 60],
])("%s %s has a budget of %i in %i seconds", (...row) => {
  const [method, path, limit, seconds] = row;
  const budget = createRateLimiter().count(method, path, 0);

  expect(budget).toEqual({ limit, remaining: limit - 1, resetSeconds: seconds, isSpent: false });
});

test("changes, scalings and deploys of one service share a budget, and other services have their own", () => {
  const limiter = createRateLimiter();

  limiter.count("PATCH", "/services/srv-1", 0);
  limiter.count("POST", "/services/srv-1/scale", 0);

  expect(limiter.count("POST", "/services/srv-1/deploys", 0).remaining).toBe(7);
  expect(limiter.count("POST", "/services/srv-2/deploys", 0).remaining).toBe(9);
});

test("every answer says what is left", async () => {
  await cloud.local("POST", "/settings", { rateLimits: "on" });

  const first = await cloud.render("GET", "/owners");
  const second = await cloud.render("GET", "/owners");

  expect(first.headers.get("ratelimit-limit")).toBe("400");
  expect(first.headers.get("ratelimit-remaining")).toBe("399");
  expect(second.headers.get("ratelimit-remaining")).toBe("398");
  expect(Number(second.headers.get("ratelimit-reset"))).toBeLessThanOrEqual(60);
  expect(first.headers.get("render-request-id")).toMatch(/^api-/);
});

test("with rate limits on the call too many is 429, until the window is over", async () => {
  await cloud.local("POST", "/settings", { rateLimits: "on" });
  const { id } = { id: (await cloud.render("POST", "/services", webService())).text("service.id") };
  const rename = () => cloud.render("PATCH", `/services/${id}`, { name: "web" });
  for (let calls = 0; calls < 10; calls += 1) expect((await rename()).status).toBe(200);

  const refused = await rename();
  await cloud.local("POST", "/clock", { advanceSeconds: 61 });
  const later = await rename();

  expect(refused.status).toBe(429);
  expect(refused.headers.get("ratelimit-remaining")).toBe("0");
  expect(refused.headers.get("retry-after")).toBeNull();
  expect(later.status).toBe(200);
});

test("with rate limits off nothing is refused, and a budget is always whole", async () => {
  for (let calls = 0; calls < 21; calls += 1) {
    const made = await cloud.render("POST", "/services", webService(`web-${calls}`));

    expect(made.status).toBe(201);
    expect(made.headers.get("ratelimit-remaining")).toBe("20");
  }
});
