import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { deployStack } from "../infra/components/stack.ts";
import { type LocalCloud, startLocalCloud } from "../infra/local-cloud/server.ts";
import { modelStack } from "../infra/model/model.ts";
import type { StackModel } from "../infra/model/stack-model.ts";
import { loadStack } from "../infra/stack.ts";
import { send } from "../infra/testing/render-plugin.ts";
import type { Outcome } from "../scripts/workspace/operation.ts";
import { openScratchStack, type ScratchStack } from "../scripts/workspace/scratch-stack.ts";

/** These tests run in order; each starts from the state that the previous one left. */
let cloud: LocalCloud;
let engine: ScratchStack;
let model: StackModel = loadStack("vega-cockpit").model;

beforeAll(async () => {
  cloud = await startLocalCloud({});
  const options = { environment: {}, placeholder: (name: string) => `value-of-${name}` };
  engine = await openScratchStack(async () => deployStack(model, options), cloud.urls.render);
});

afterAll(async () => {
  engine.remove();
  await cloud.stop();
});

interface Listed {
  readonly service: { readonly id: string; readonly name: string; readonly type: string };
}

async function services(): Promise<Listed["service"][]> {
  const listed = (await send(`${cloud.urls.render}/services`, "GET")) as Listed[];
  return listed.map((it) => it.service);
}

async function idOf(type: string): Promise<string> {
  return (await services()).find((it) => it.type === type)?.id ?? "";
}

const summary = ({ steps, failure }: Outcome): string[] => [
  ...steps
    .map((it) => `${it.op} ${it.type} ${it.name} ${it.fields.join(",")}`.trimEnd())
    .toSorted(),
  ...(failure ? [failure] : []),
];

test("a preview of nothing creates the service, its jobs and the tokens, and writes nothing", async () => {
  const outcome = await engine.preview();

  expect(summary(outcome)).toEqual([
    "create opspec:index:GeneratedSecret OPSPEC_CALL_TOKEN",
    "create opspec:index:GeneratedSecret OPSPEC_OPS_TOKEN",
    "create render:index:CronJob alerts-flush",
    "create render:index:CronJob digest-weekdays",
    "create render:index:CronJob snapshot-heartbeat",
    "create render:index:WebService web",
  ]);
  expect(await services()).toEqual([]);
});

test("up creates them", async () => {
  const outcome = await engine.up();

  expect(outcome.failure).toBeUndefined();
  expect((await services()).map((it) => it.type).toSorted()).toEqual([
    "cron_job",
    "cron_job",
    "cron_job",
    "web_service",
  ]);
});

test("a second preview and a refresh show no change, and an unchanged preview asks Render nothing", async () => {
  await send(`${cloud.urls.local}/settings`, "POST", {});
  const before = (await send(`${cloud.urls.local}/requests`, "GET")) as unknown[];
  const preview = await engine.preview();
  const after = (await send(`${cloud.urls.local}/requests`, "GET")) as unknown[];

  expect(summary(preview)).toEqual([]);
  expect(after).toHaveLength(before.length);
  expect(summary(await engine.refresh())).toEqual([]);
});

test("a job at another time updates its cron job and restarts the service that runs it, and says so", async () => {
  const before = model;
  const { spec } = loadStack("vega-cockpit");
  const digest = { uses: "digest", on: "render", calls: "web" } as const;
  const moved = { ...spec.jobs?.["digest-weekdays"], ...digest, schedule: { weekdays: "14:00" } };
  const jobs = { ...spec.jobs, "digest-weekdays": moved };
  model = modelStack("vega-cockpit", { ...spec, jobs }).model ?? before;

  const outcome = await engine.preview();
  model = before;

  expect(summary(outcome)).toEqual([
    "update render:index:CronJob digest-weekdays schedule",
    'update render:index:WebService web secretFiles["opspec-manifest.json"]',
  ]);
  expect(outcome.steps.flatMap((it) => it.says ?? [])).toEqual([
    "restarts web: manifest changed (job digest-weekdays)",
  ]);
});

test("what was changed elsewhere is drift, nothing else is, and up mends it in place", async () => {
  const id = await idOf("web_service");
  await send(`${cloud.urls.render}/services/${id}`, "PATCH", {
    serviceDetails: { plan: "standard" },
  });
  await send(`${cloud.urls.render}/services/${id}/env-vars/FOREIGN`, "PUT", { value: "not ours" });

  expect(summary(await engine.refresh())).toEqual(["update render:index:WebService web plan"]);
  expect(summary(await engine.up(true))).toContain("update render:index:WebService web plan");
  expect(summary(await engine.refresh())).toEqual([]);
});

test("a changed input is updated in place, and only in the resource that has it", async () => {
  const id = await idOf("web_service");
  model = changeService(model, (web) => ({ ...web, healthCheckPath: "/changed" }));

  const outcome = await engine.up();

  expect(summary(outcome)).toEqual(["update render:index:WebService web healthCheckPath"]);
  expect(await idOf("web_service")).toBe(id);
});

test("a replacement that would lose the disk is refused until the spec consents", async () => {
  const before = model;
  model = changeService(model, (web) => ({ ...web, region: "frankfurt" }));

  const { failure } = await engine.preview();
  model = before;

  expect(failure).toContain("Restore it, or take a backup and consent with allowDataLoss: true.");
});

test("a field that Render cannot change replaces the service, and its callers follow", async () => {
  const id = await idOf("web_service");
  model = changeService(model, (web) => ({ ...web, region: "frankfurt", allowDataLoss: true }));

  const preview = await engine.preview();
  expect(preview.steps.find((it) => it.type === "render:index:WebService")).toMatchObject({
    op: "replace",
    replaces: ["region"],
    says: ["replaces web: Render cannot move a service to another region"],
  });

  expect((await engine.up()).failure).toBeUndefined();
  expect(await idOf("web_service")).not.toBe(id);
  expect(await services()).toHaveLength(4);
  expect(summary(await engine.preview())).toEqual([]);
});

test("a job that leaves the model loses its cron job", async () => {
  model = { ...model, jobs: model.jobs.filter((it) => it.key !== "digest-weekdays") };

  expect(summary(await engine.up())).toEqual(["delete render:index:CronJob digest-weekdays"]);
  expect((await services()).filter((it) => it.type === "cron_job")).toHaveLength(2);
});

test("no secret stands in the state in clear", async () => {
  const files = readdirSync(engine.directory, { recursive: true, withFileTypes: true })
    .filter((it) => it.isFile())
    .map((it) => readFileSync(join(it.parentPath, it.name), "utf8"));

  expect(files.some((it) => it.includes("ciphertext"))).toBe(true);
  expect(files.filter((it) => it.includes("value-of-"))).toEqual([]);
});

test("destroy leaves nothing", async () => {
  expect((await engine.destroy()).failure).toBeUndefined();
  expect(await services()).toEqual([]);
});

function changeService(
  from: StackModel,
  change: (service: StackModel["services"][number]) => StackModel["services"][number],
): StackModel {
  return { ...from, services: from.services.map(change) };
}
