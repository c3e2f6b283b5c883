import { expect, test } from "vitest";
import { observedShop, SHOP } from "../../infra/testing/shop.ts";
import { renderFinding } from "./finding.ts";
import type { ObservedStack } from "./observed.ts";
import type { Reach } from "./reach.ts";
import { verifyStack } from "./verify.ts";

/** The app of the shop, whose health answers 503 until its checks have results. */
async function healthFinding(deployedAt: string, notReady: number): Promise<string | undefined> {
  const shop = observedShop();
  const { api, site } = shop.services;
  const observed: ObservedStack = { ...shop, services: { site, api: { ...api, deployedAt } } };
  let asked = 0;
  const reach: Reach = {
    hasDns: true,
    locate: (url) => url,
    http: async () => ({ status: asked++ < notReady ? 503 : 200, text: '{"ok":true}' }),
  };
  const findings = await verifyStack(SHOP, observed, reach);
  return findings.map(renderFinding).find((it) => it.includes("answers /health"));
}

const secondsAgo = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString();

test("directly after a deploy verify waits for the first results of the app's checks", async () => {
  expect(await healthFinding(secondsAgo(1), 2)).toBe(
    "ok           api answers /health with 200 and its JSON",
  );
});

test("an app that was deployed long ago gets no second try", async () => {
  expect(await healthFinding(secondsAgo(3600), 1)).toBe(
    "FAILED       api answers /health with 200 and its JSON: it answered 503.",
  );
});

test("the wait ends 30 s after the deploy", async () => {
  expect(await healthFinding(secondsAgo(29), 1000)).toBe(
    "FAILED       api answers /health with 200 and its JSON: it answered 503.",
  );
});
