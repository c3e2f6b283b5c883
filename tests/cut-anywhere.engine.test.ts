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
import type { Outcome } from "../scripts/workspace/operation.ts";
import { backendOf } from "../scripts/workspace/plugin-project.ts";
import { openScratchStack, type ScratchStack } from "../scripts/workspace/scratch-stack.ts";

/**
 * Every call of a small stack's create, update and delete is cut in turn, on the real engine; the
 * same command again must then leave what a run without a cut leaves.
 *
 * Covered: each different call (a poll counts once, at its first time) is cut in one of eight ways.
 * Over the three operations each way cuts at least one write; not every call is cut in every way,
 * which is swept on the plugin alone, in milliseconds, in infra/provider/render/fault-sweep.test.ts,
 * as are calls that time out. Each cut must have struck and each kill have found its process. What
 * is compared is every service with its variables and marker, every group with its own and its
 * links; each operation ends with a refresh that sees no change.
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

/** Processes that were killed for the cut under way. */
let killed = 0;

/** Kills the processes of this test's engine whose first words match: by pid, as a crash would. */
function kill(matches: RegExp): void {
  const pids = readdirSync("/proc").filter((it) => /^\d+$/.test(it));
  for (const pid of pids) {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      const isOurs = readFileSync(`/proc/${pid}/environ`, "utf8").includes(
        `RENDER_HOST=${proxy.url}`,
      );
      if (!isOurs || !matches.test(command)) continue;
      process.kill(Number(pid), "SIGKILL");
      killed += 1;
    } catch {
      // It has ended since.
    }
  }
}

const PLUGIN = /pulumi-resource-render/;
const ENGINE = /\/pulumi .*\b(up|destroy)\b/;

/** A way in which a call is cut. */
interface Way {
  readonly name: string;
  readonly how: Cut;
  readonly kills?: boolean;
}

/** The ways, which calls take in turn. An engine that dies also leaves its lock behind. */
const WAYS: readonly Way[] = [
  { name: "the engine dies after the write", how: { after: () => kill(ENGINE) }, kills: true },
  { name: "the connection is reset after the write", how: "reset-after" },
  { name: "the plugin dies after the write", how: { after: () => kill(PLUGIN) }, kills: true },
  { name: "Render answers 500", how: { status: 500 } },
  { name: "the engine dies before the write", how: { before: () => kill(ENGINE) }, kills: true },
  { name: "the connection is reset before the write", how: "reset-before" },
  { name: "the plugin dies before the write", how: { before: () => kill(PLUGIN) }, kills: true },
  { name: "Render answers 429", how: { status: 429 } },
];

/** A sweep is dozens of ups, each of some seconds. */
const SWEEP_TIMEOUT_MS = 15 * 60_000;

/** The ways that writes were cut in, over all operations. */
const waysOfWrites: string[] = [];
let reads = 0;

/** The next way for a call: writes and reads take turns of their own, so that each way meets writes. */
function wayFor(call: string): Way {
  const isRead = call.startsWith("GET ");
  const turn = isRead ? reads++ : waysOfWrites.length;
  const way = WAYS[turn % WAYS.length];
  if (!way) throw new Error("unreachable: a remainder is an index");
  if (!isRead) waysOfWrites.push(way.name);
  return way;
}

interface Sweep {
  /** Makes the state from which the operation starts. */
  readonly begin: () => Promise<unknown>;
  readonly operation: () => Promise<Outcome>;
  /** Runs it again, as an operator would. */
  readonly again: () => Promise<Outcome>;
}

interface Swept {
  /** The calls that were cut. */
  readonly calls: readonly string[];
  /** What a run without a cut leaves, and so every other. */
  readonly left: Held;
}

/** Cuts every call of an operation in turn, and expects of each that the next run mends it. */
async function sweep({ begin, operation, again }: Sweep): Promise<Swept> {
  await begin();
  proxy.heal();
  expect((await operation()).failure).toBeUndefined();
  const calls = proxy.calls();
  const left = await held();
  for (const call of calls) {
    const way = wayFor(call);
    proxy.heal();
    await begin();
    killed = 0;
    proxy.cutAt(call, way.how);
    await operation();
    const at = { call, way: way.name };
    expect({ ...at, struck: proxy.struck(), hasKilled: killed > 0 }).toEqual({
      ...at,
      struck: 1,
      hasKilled: way.kills ?? false,
    });
    proxy.heal();
    clearDeadLocks(backendOf(engine.directory), "scratch", () => undefined);
    expect((await again()).failure).toBeUndefined();
    expect(await held()).toEqual(left);
  }
  expect((await engine.refresh()).steps).toEqual([]);
  return { calls, left };
}

function render(path: string): Promise<unknown> {
  return send(`${cloud.urls.render}${path}`, "GET");
}

type Variables = Readonly<Record<string, string>>;

/** What the cloud holds of the stack, without ids. */
interface Held {
  readonly services: readonly { readonly name: string; readonly env: Variables }[];
  readonly groups: readonly {
    readonly name: string;
    readonly env: Variables;
    readonly links: readonly string[];
  }[];
}

interface Variable {
  readonly key: string;
  readonly value: string;
}

const variables = (all: readonly Variable[]): Variables =>
  Object.fromEntries(all.map(({ key, value }) => [key, value]));

async function held(): Promise<Held> {
  const services = (await render("/services")) as { service: { id: string; name: string } }[];
  const groups = (await render("/env-groups")) as { id: string }[];
  return {
    services: await Promise.all(
      services.map(async ({ service: { id, name } }) => {
        const listed = (await render(`/services/${id}/env-vars`)) as { envVar: Variable }[];
        return { name, env: variables(listed.map((it) => it.envVar)) };
      }),
    ),
    groups: await Promise.all(
      groups.map(async ({ id }) => {
        const { name, envVars, serviceLinks } = (await render(`/env-groups/${id}`)) as {
          name: string;
          envVars: Variable[];
          serviceLinks: { name: string }[];
        };
        return { name, env: variables(envVars), links: serviceLinks.map((it) => it.name) };
      }),
    ),
  };
}

/** All of the stack, with its marker, its link, and nothing twice. */
function whole(retries: number): object {
  const value = String(retries);
  const marker = expect.stringContaining("/scratch/") as unknown;
  return {
    services: [{ name: "shop", env: { A: value, OPSPEC_RESOURCE: marker } }],
    groups: [
      {
        name: "shop-shared",
        env: { RETRIES: value, OPSPEC_RESOURCE: marker },
        links: ["shop"],
      },
    ],
  };
}

function up(retries: number): Promise<Outcome> {
  model = SMALL(retries);
  return engine.up(true);
}

test(
  "a create that is cut at any call is completed by the next up",
  async () => {
    const { calls, left } = await sweep({
      begin: async () => {
        await engine.destroy();
        model = SMALL(1);
      },
      operation: () => engine.up(),
      again: () => up(1),
    });
    expect(calls).toContain("POST /v1/services");
    expect(left).toMatchObject(whole(1));
  },
  SWEEP_TIMEOUT_MS,
);

test(
  "an update that is cut at any call is completed by the next up",
  async () => {
    const { calls, left } = await sweep({
      begin: async () => {
        await up(1);
        model = SMALL(2);
      },
      operation: () => engine.up(),
      again: () => up(2),
    });
    expect(calls).toContain("PUT /v1/services/<id>/env-vars/A");
    expect(left).toMatchObject(whole(2));
  },
  SWEEP_TIMEOUT_MS,
);

test(
  "a destroy that is cut at any call is completed by the next destroy",
  async () => {
    const { calls, left } = await sweep({
      begin: () => up(1),
      operation: () => engine.destroy(),
      again: () => engine.destroy(),
    });
    expect(calls).toContain("DELETE /v1/services/<id>");
    expect(left).toEqual({ services: [], groups: [] });
  },
  SWEEP_TIMEOUT_MS,
);

test("over the three operations, each way has cut a write", () => {
  expect([...new Set(waysOfWrites)].toSorted()).toEqual(WAYS.map((it) => it.name).toSorted());
});
