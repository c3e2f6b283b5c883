import { afterAll, beforeAll, expect, test } from "vitest";
import { deployStack } from "../infra/components/stack.ts";
import { type LocalCloud, startLocalCloud } from "../infra/local-cloud/server.ts";
import type { StackModel } from "../infra/model/stack-model.ts";
import { parseStackSpec } from "../infra/spec/parse.ts";
import { resolveStack } from "../infra/stack.ts";
import { send } from "../infra/testing/render-plugin.ts";
import type { Outcome } from "../scripts/workspace/operation.ts";
import { openScratchStack, type ScratchStack } from "../scripts/workspace/scratch-stack.ts";

/** These tests run in order; each starts from the state that the previous one left. */
let cloud: LocalCloud;
let engine: ScratchStack;
let model: StackModel;

function modelOf(parts: string): StackModel {
  const text = `system: shop
render: { owner: tea-00000000000000000000, region: oregon }
services:
  web:
    type: web
    source: { repo: "https://github.com/example/app", branch: main }
    runtime: node
    build: npm ci
    start: node a.js
    plan: starter
    supervise: false
${parts}`;
  return resolveStack("shop", parseStackSpec(text, "shop.ops.yaml")).model;
}

const GOOD = `    env: { A: "1" }
    domains: [shop.example.com]
    secretFiles: { "a.txt": { text: "1" } }
`;

const BAD = `    env: { A: "1", CRASH: "1" }
    domains: [shop.example.com, extra.example.com]
    secretFiles: { "a.txt": { text: "1" }, "extra.txt": { text: "1" } }
`;

beforeAll(async () => {
  cloud = await startLocalCloud({});
  model = modelOf(GOOD);
  const options = { environment: {}, placeholder: (name: string) => `value-of-${name}` };
  engine = await openScratchStack(async () => deployStack(model, options), cloud.urls.render);
  await engine.up();
});

afterAll(async () => {
  engine.remove();
  await cloud.stop();
});

function failNextDeploy(): Promise<unknown> {
  return send(`${cloud.urls.local}/faults`, "POST", [{ deploy: "update_failed", times: 1 }]);
}

const linesOf = ({ steps }: Outcome): string[] =>
  steps.flatMap(({ op, name, fields, says = [] }) => [
    `${op} ${name} ${fields.join(" ")}`.trim(),
    ...says.map((it) => it.replaceAll(/dep-\w+/g, "dep-…")),
  ]);

async function collections(): Promise<string[]> {
  const listed = (await send(`${cloud.urls.render}/services`, "GET")) as {
    service: { id: string };
  }[];
  const path = `${cloud.urls.render}/services/${listed[0]?.service.id}`;
  const lists = ["env-vars", "secret-files", "custom-domains"];
  const all = await Promise.all(lists.map((it) => send(`${path}/${it}`, "GET")));
  return [...JSON.stringify(all).matchAll(/"(?:key|name)":"([^"]+)"/g)].map(([, it]) => it ?? "");
}

test("a failed up says why, and a preview of the same spec says that it is completed", async () => {
  model = modelOf(BAD);
  await failNextDeploy();

  const failed = await engine.up(true);

  expect(failed.failure).toContain("ended as update_failed");
  expect(linesOf(await engine.preview())).toEqual([
    "update web",
    'completes web: Render: deploy dep-… of "shop" ended as update_failed',
  ]);
});

test("the preview of the restored spec names all that the failed up wrote, and up removes it", async () => {
  model = modelOf(GOOD);

  const preview = await engine.preview();
  const up = await engine.up(true);

  expect(linesOf(preview)[0]).toBe('update web domains[1] env.CRASH secretFiles["extra.txt"]');
  expect(linesOf(preview)).toContain(
    "remove env CRASH, secret file extra.txt, domain extra.example.com",
  );
  expect(up.failure).toBeUndefined();
  expect(await collections()).toEqual(["OPSPEC_RESOURCE", "A", "a.txt", "shop.example.com"]);
  expect(linesOf(await engine.preview())).toEqual([]);
});

test("a service whose newest deploy failed without an up is deployed again", async () => {
  await failNextDeploy();
  const listed = (await send(`${cloud.urls.render}/services`, "GET")) as {
    service: { id: string };
  }[];
  await send(`${cloud.urls.render}/services/${listed[0]?.service.id}/deploys`, "POST", {});
  await send(`${cloud.urls.local}/clock`, "POST", { advanceSeconds: 5 });

  const up = await engine.up(true);

  expect(linesOf(up)).toEqual([
    "update web",
    "completes web: its newest deploy dep-… ended as update_failed",
  ]);
  expect(linesOf(await engine.up(true))).toEqual([]);
});
