import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { modelOf, refusals } from "../../infra/testing/spec-text.ts";
import { declaredFinding } from "./declared-findings.ts";
import { deploymentOf } from "./deployment.ts";
import { renderFinding } from "./finding.ts";
import type { ObservedService, ObservedStack } from "./observed.ts";
import { localReach } from "./reach.ts";
import { slotsFor } from "./slots.ts";

const MODEL = modelOf(`
secrets: { HOOK: {} }
services:
  web: { type: web, source: { repo: "https://example.com/a" }, runtime: node, start: node a.js, plan: starter }
alerts: { channels: { ops: { webhook: { secret: HOOK } } } }
verify: [{ channel: ops }]
`);

const WEB: ObservedService = {
  service: { id: "srv-1", serviceDetails: { url: "https://shop.onrender.com" } },
  env: { OPSPEC_OPS_TOKEN: "the-token" },
  secretFiles: {},
  deploy: "live",
  headers: [],
  routes: [],
  domains: {},
};

/** The finding for this answer of the runtime; undefined when nothing runs. */
async function found(result: object | undefined, status = 200) {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    const { method, url, headers } = request;
    asked.push(`${method} ${url} ${headers.authorization} ${body}`);
    response.writeHead(status).end(JSON.stringify({ channels: [result] }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const none = { jobs: {}, envGroups: {}, databases: {}, keyValues: {}, registries: {} };
  const observed: ObservedStack = { ...none, services: { web: WEB } };
  const here = { "https://shop.onrender.com": `http://127.0.0.1:${port}` };
  const reach = localReach(slotsFor(1), result && here);
  const [check] = MODEL.checks;
  if (!check) throw new Error("unreachable: the stack declares a check");
  const finding = await declaredFinding(check, deploymentOf(MODEL, observed), reach);
  return { line: renderFinding(finding), asked };
}

test("verify sends a test message through a declared channel, and reports what became of it", async () => {
  const sent = await found({ result: "sent", why: null });
  const failed = await found({ result: "error", why: "HTTP 401: bad key" });
  const skipped = await found({ result: "skipped", why: null });
  const away = await found({ result: "sent", why: null }, 503);
  const local = await found(undefined);

  expect(sent.asked).toEqual([
    'POST /ops/alerts/test Bearer the-token {"channel":"ops","actor":"manual verify"}',
  ]);
  const name = "alert channel ops delivers a test message";
  expect([sent, failed, skipped, away, local].map(({ line }) => line)).toEqual([
    `ok           ${name}`,
    `FAILED       ${name}: it failed: HTTP 401: bad key.`,
    `FAILED       ${name}: it is not set up: one of its variables is not set.`,
    `FAILED       ${name}: web answered 503 at /ops/alerts/test.`,
    `not checked  ${name}: this cloud runs nothing`,
  ]);
});

test("a channel that verify tests exists", () => {
  expect(
    refusals(`
secrets: { HOOK: {} }
alerts: { channels: { ops: { webhook: { secret: HOOK } } } }
verify: [{ channel: opps }]
`),
  ).toEqual(['4:12   verify/0/channel: there is no alert channel "opps". Did you mean "ops"?']);
});
