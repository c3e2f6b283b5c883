import { afterAll, beforeAll, expect, test } from "vitest";
import { register, registerProvider } from "../infra/components/register.ts";
import { type LocalCloud, startLocalCloud } from "../infra/local-cloud/server.ts";
import { MARKER_KEY } from "../infra/provider/render/marker.ts";
import { CronJob } from "../infra/resources/render/cron-job.ts";
import { EnvGroup } from "../infra/resources/render/env-group.ts";
import { RenderProvider } from "../infra/resources/render/provider.ts";
import { send } from "../infra/testing/render-plugin.ts";
import { openScratchStack, type ScratchStack } from "../scripts/workspace/scratch-stack.ts";

/** What somebody made at the dashboard, and what a program says of it. */
const OLDER = { name: "older", ownerId: "tea-00000000000000000000" };
const CRON = { runtime: "image", plan: "starter", region: "oregon", schedule: "0 3 * * *" };
const IMAGE = "docker.io/library/nginx:1";

let cloud: LocalCloud;
let engine: ScratchStack;
let cron: string;
let group: string;

beforeAll(async () => {
  cloud = await startLocalCloud({});
  const { service } = (await render("POST", "/services", {
    ...OLDER,
    type: "cron_job",
    image: { ownerId: OLDER.ownerId, imagePath: IMAGE },
    serviceDetails: CRON,
  })) as { service: { id: string } };
  const envVars = [{ key: "TZ", value: "UTC" }];
  const made = (await render("POST", "/env-groups", { ...OLDER, envVars })) as { id: string };
  [cron, group] = [service.id, made.id];
  engine = await openScratchStack(async () => registerOlder(), cloud.urls.render);
});

afterAll(async () => {
  engine.remove();
  await cloud.stop();
});

function render(method: string, path: string, body?: unknown): Promise<unknown> {
  return send(`${cloud.urls.render}${path}`, method, body);
}

function registerOlder(): void {
  const provider = registerProvider(RenderProvider);
  register(CronJob, "older", {
    inputs: { ...OLDER, ...CRON, image: IMAGE },
    options: { provider, import: cron },
  });
  register(EnvGroup, "older", {
    inputs: { ...OLDER, env: { TZ: "UTC" } },
    options: { provider, import: group },
  });
}

/** Both as Render has them, without when they changed and without the mark that makes them ours. */
async function atRender(): Promise<unknown[]> {
  const { updatedAt: _changed, ...job } = (await render("GET", `/services/${cron}`)) as Record<
    string,
    unknown
  >;
  const { envVars } = (await render("GET", `/env-groups/${group}`)) as {
    envVars: { key: string }[];
  };
  return [job, envVars.filter((it) => it.key !== MARKER_KEY)];
}

test("a cron job and an env group that are there already are imported by id, and stay as they are", async () => {
  const before = await atRender();

  const { failure, steps } = await engine.up();

  expect(failure).toBeUndefined();
  expect(steps.filter((it) => it.op === "import").map((it) => it.type)).toEqual([
    "render:index:CronJob",
    "render:index:EnvGroup",
  ]);
  expect(await atRender()).toEqual(before);
  expect((await engine.preview()).steps).toEqual([]);
  expect((await engine.refresh()).steps).toEqual([]);
});
