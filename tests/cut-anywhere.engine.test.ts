import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { deployStack } from "../infra/components/stack.ts";
import { type LocalCloud, startLocalCloud } from "../infra/local-cloud/server.ts";
import type { StackModel } from "../infra/model/stack-model.ts";
import type { StackOutputs } from "../infra/outputs.ts";
import { type Cut, type CuttingProxy, startCuttingProxy } from "../infra/testing/cutting-proxy.ts";
import { send } from "../infra/testing/render-plugin.ts";
import { modelOf } from "../infra/testing/spec-text.ts";
import { clearDeadLocks } from "../scripts/workspace/locks.ts";
import { backendOf } from "../scripts/workspace/plugin-project.ts";
import { openScratchStack, type ScratchStack } from "../scripts/workspace/scratch-stack.ts";

/**
 * Every call of a small stack's create, update and delete is cut in turn, on the real engine; the
 * next up must converge. The plugin alone is swept call by call in milliseconds elsewhere
 * (infra/provider/render/fault-sweep.test.ts); here the engine and its state are part of it.
 */
const SMALL = (retries: number): StackModel =>
  modelOf(`
envGroups:
  shared: { env: { RETRIES: ${retries} } }
services:
  web: { type: web, source: { image: nginx }, plan: starter, envGroups: [shared], env: { A: ${retries} } }
`);

let cloud: LocalCloud;
let proxy: CuttingProxy;
let engine: ScratchStack;
let model = SMALL(1);

beforeAll(async () => {
  cloud = await startLocalCloud({});
  proxy = await startCuttingProxy(cloud.urls.render);
  engine = await openScratchStack(deployModel, proxy.url);
});

async function deployModel(): Promise<StackOutputs> {
  return deployStack(model, { environment: {} });
}

afterAll(async () => {
  engine.remove();
  await proxy.stop();
  await cloud.stop();
});

/** Kills the processes of this test's engine whose first words match: by pid, as a crash would. */
function kill(matches: RegExp): void {
  const pids = readdirSync("/proc").filter((it) => /^\d+$/.test(it));
  for (const pid of pids) {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      const isOurs = readFileSync(`/proc/${pid}/environ`, "utf8").includes(
        `RENDER_HOST=${proxy.url}`,
      );
      if (isOurs && matches.test(command)) process.kill(Number(pid), "SIGKILL");
    } catch {
      // It has ended since.
    }
  }
}

const PLUGIN = /pulumi-resource-render/;
const ENGINE = /\/pulumi .*\b(up|destroy)\b/;

/** The ways in which a call is cut. An engine that dies also leaves its lock behind. */
const CUTS: readonly { readonly name: string; readonly how: Cut }[] = [
  { name: "the engine dies after the write", how: { after: () => kill(ENGINE) } },
  { name: "the connection is reset after the write", how: "reset-after" },
  { name: "the plugin dies after the write", how: { after: () => kill(PLUGIN) } },
  { name: "Render answers 500", how: { status: 500 } },
  { name: "the engine dies before the write", how: { before: () => kill(ENGINE) } },
  { name: "the connection is reset before the write", how: "reset-before" },
  { name: "the plugin dies before the write", how: { before: () => kill(PLUGIN) } },
  { name: "Render answers 429", how: { status: 429 } },
];

/** A sweep is dozens of ups, each of some seconds. */
const SWEEP_TIMEOUT_MS = 15 * 60_000;

interface Sweep {
  /** Makes the state from which the operation starts. */
  readonly begin: () => Promise<unknown>;
  readonly operation: () => Promise<unknown>;
  /** Runs it again, as an operator would, and looks whether all is as it must be. */
  readonly converge: () => Promise<void>;
}

/** Cuts every call of an operation in turn, each in the next of the ways; answers which there were. */
async function sweep({ begin, operation, converge }: Sweep): Promise<string[]> {
  await begin();
  proxy.heal();
  await operation();
  const calls = proxy.calls();
  for (const [index, call] of calls.entries()) {
    proxy.heal();
    await begin();
    proxy.cutAt(call, CUTS[index % CUTS.length]?.how ?? "reset-before");
    await operation();
    proxy.heal();
    clearDeadLocks(backendOf(engine.directory), "scratch", () => undefined);
    // A dead engine's program lives on in this process, as it never does in an operator's, and tells
    // of its lost connection in the run after: a preview takes that.
    await engine.preview();
    await converge();
  }
  return calls;
}

async function destroyed(): Promise<void> {
  expect((await engine.destroy()).failure).toBeUndefined();
  expect(await render("/services")).toEqual([]);
  expect(await render("/env-groups")).toEqual([]);
}

async function deployed(retries: number): Promise<void> {
  model = SMALL(retries);
  expect((await engine.up(true)).failure).toBeUndefined();
  expect(await existing()).toEqual({ services: 1, groups: 1, A: String(retries) });
}

function render(path: string): Promise<unknown> {
  return send(`${cloud.urls.render}${path}`, "GET");
}

/** What exists: one of each, or something was made twice or lost. */
async function existing(): Promise<{ services: number; groups: number; A: string }> {
  const services = (await render("/services")) as { service: { id: string } }[];
  const groups = (await render("/env-groups")) as unknown[];
  const variable = (await render(`/services/${services[0]?.service.id}/env-vars/A`)) as {
    value: string;
  };
  return { services: services.length, groups: groups.length, A: variable.value };
}

test(
  "a create that is cut at any call is completed by the next up",
  async () => {
    const calls = await sweep({
      begin: async () => {
        await engine.destroy();
        model = SMALL(1);
      },
      operation: () => engine.up(),
      converge: () => deployed(1),
    });
    expect(calls).toContain("POST /v1/services");
  },
  SWEEP_TIMEOUT_MS,
);

test(
  "an update that is cut at any call is completed by the next up",
  async () => {
    const calls = await sweep({
      begin: async () => {
        await deployed(1);
        model = SMALL(2);
      },
      operation: () => engine.up(),
      converge: () => deployed(2),
    });
    expect(calls).toContain("PUT /v1/services/<id>/env-vars/A");
  },
  SWEEP_TIMEOUT_MS,
);

test(
  "a destroy that is cut at any call is completed by the next destroy",
  async () => {
    const calls = await sweep({
      begin: () => deployed(1),
      operation: () => engine.destroy(),
      converge: destroyed,
    });
    expect(calls).toContain("DELETE /v1/services/<id>");
  },
  SWEEP_TIMEOUT_MS,
);
