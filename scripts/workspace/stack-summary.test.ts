import { expect, test } from "vitest";
import { loadStack } from "../../infra/stack.ts";
import { SHOP, SHOP_PROJECT } from "../../infra/testing/shop.ts";
import { renderStack } from "./stack-summary.ts";

const NOW = new Date("2026-03-01T00:00:00Z");

test("a stack is told in a line for each thing", () => {
  const services = { api: { url: "https://shop-api.onrender.com" } };
  const outputs = { services: { value: services, secret: false } };

  expect(renderStack({ ...SHOP, project: SHOP_PROJECT }, outputs, NOW)).toMatchInlineSnapshot(`
    "  project Shop: production, protected
      database main: shop-main, Postgres 17, basic_1gb, 15 GB
      key-value store queue: shop-queue, starter, noeviction, snapshot
      env group shared: shop-shared, 2 variable(s) for api
      service api: shop-api, standard, 2 instance(s), api.example.com
      static site site: shop-site, not deployed
      job nightly: daily 03:00 UTC; next 1 Mar 2026, 03:00 UTC = 1 Mar 2026, 03:00 UTC
      job sweep: every 5m, runs in api by the app itself"
  `);
});

test("what stands on a VM and at the edge is told too", () => {
  const { model } = loadStack("parlay-gorilla");

  expect(renderStack(model, {}, NOW)).toMatchInlineSnapshot(`
    "  database main: parlay-gorilla-main, Postgres 16, basic_256mb
      key-value store locks: parlay-gorilla-locks, starter, noeviction
      job apisports-refresh: every 6h, runs in scheduler by the app itself
      job apisports-daily: every 1d, runs in scheduler by the app itself
      container api: on VM main, not deployed
      container scheduler: on VM main, not deployed
      name api.parlaygorilla.example.com: at Cloudflare, not deployed"
  `);
});
