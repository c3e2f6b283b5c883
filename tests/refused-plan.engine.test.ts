import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { RunError } from "@pulumi/pulumi";
import { afterAll, beforeAll, expect, test } from "vitest";
import { deployStack } from "../infra/components/stack.ts";
import { type LocalCloud, startLocalCloud } from "../infra/local-cloud/server.ts";
import { send } from "../infra/testing/render-plugin.ts";
import { modelOf } from "../infra/testing/spec-text.ts";
import { deployChanges } from "../scripts/workspace/deploy.ts";
import type { Outcome } from "../scripts/workspace/operation.ts";
import { planChanges } from "../scripts/workspace/plan.ts";
import { openScratchStack, type ScratchStack } from "../scripts/workspace/scratch-stack.ts";

/** These tests run in order; each starts from the state that the previous one left. */
const service = (key: string, more: string): string =>
  `  ${key}: { source: { image: nginx }, plan: starter, supervise: false, ${more} }\n`;

const DISK = "disk: { mount: /var/data, sizeGb: 5 }";
const WEB = `type: web, domains: [shop.example.com], ${DISK}`;
const REST = [
  service("mailer", `type: worker, ${DISK}`),
  service("plain", "type: worker, env: { WEB: { url: web } }"),
  "databases:\n  main: { version: 17, plan: basic_1gb, diskGb: 15 }\n",
].join("");

const FIRST = modelOf(`services:\n${service("web", WEB)}${REST}`);

const LOSES_DISK =
  "which loses what is on the disk. Restore it, or take a backup and consent with allowDataLoss: true.";

let cloud: LocalCloud;
let engine: ScratchStack;
let model = FIRST;

beforeAll(async () => {
  cloud = await startLocalCloud({});
  engine = await openScratchStack(
    async () => deployStack(model, { environment: {} }),
    cloud.urls.render,
  );
  expect((await up()).failure).toBeUndefined();
});

afterAll(async () => {
  engine.remove();
  await cloud.stop();
});

const nothing = (): void => undefined;
const up = (): Promise<Outcome> => deployChanges(engine.stack, { refresh: true }, nothing);
const preview = (): Promise<Outcome> => planChanges(engine.stack, nothing);

/** Method and path of the writes since `before` calls. */
async function writesSince(before: number): Promise<string[]> {
  return (await requests()).slice(before).filter((it) => !it.startsWith("GET "));
}

async function requests(): Promise<string[]> {
  const all = (await send(`${cloud.urls.local}/requests`, "GET")) as {
    method: string;
    path: string;
  }[];
  return all.map((it) => `${it.method} ${it.path}`);
}

/** Runs the engine by hand. */
async function pulumi(...args: string[]): Promise<string> {
  const { workDir, envVars, pulumiHome = "", pulumiCommand } = engine.stack.workspace;
  const run = promisify(execFile)(
    pulumiCommand.command,
    [...args, "--stack", "scratch", "--non-interactive"],
    { cwd: workDir, env: { ...process.env, ...envVars, PULUMI_HOME: pulumiHome } },
  );
  return run.then(
    ({ stdout }) => stdout,
    (error: { stdout: string }) => error.stdout,
  );
}

test("a plan with several refused changes is refused with all of them, by preview and up alike", async () => {
  const moved = service("mailer", `type: worker, region: ohio, ${DISK}`);
  model = modelOf(
    `services:\n${service("shop", WEB)}${moved}${service("plain", "type: worker, env: { WEB: { url: shop } }")}`,
  );
  const before = (await requests()).length;

  const { failure } = await preview();
  const refused = await up();

  expect(failure?.split("\n")).toEqual([
    "up refuses 4 change(s), so it changes nothing:",
    `  BackgroundWorker "mailer": region: changing it replaces the resource (Render cannot move a service to another region), ${LOSES_DISK}`,
    expect.stringMatching(/^ {2}Postgres "shop-main": deleting it loses the database and all its/),
    '  WebService "shop": the domain shop.example.com belongs to "web" until that is deleted, which is last. To rename it, set formerly: [web]. To replace it, remove "web" in an up of its own first.',
    expect.stringMatching(/^ {2}WebService "shop-web": deleting it loses what is on the disk\./),
  ]);
  expect(refused).toEqual({ changes: 0, steps: [], failure });
  expect(await writesSince(before)).toEqual([]);
});

test("a renamed service with its earlier key is planned as a rename", async () => {
  model = modelOf(
    `services:\n${service("shop", `${WEB}, formerly: [web]`)}${REST.replace("url: web", "url: shop")}`,
  );

  expect((await preview()).failure).toBeUndefined();
  model = FIRST;
});

test("a plain destroy sends no request, because what holds data is protected in state", async () => {
  const before = (await requests()).length;

  const said = await pulumi("destroy", "--yes");

  expect(said).toContain("because it is protected");
  expect((await requests()).slice(before)).toEqual([]);
});

test("allowDataLoss lifts the protection for a replacement in the same up", async () => {
  const moved = service("mailer", `type: worker, region: ohio, allowDataLoss: true, ${DISK}`);
  model = modelOf(
    `services:\n${service("web", WEB)}${moved}${REST.slice(REST.indexOf("  plain:"))}`,
  );

  expect((await preview()).failure).toBeUndefined();
  expect((await up()).failure).toBeUndefined();
});

test("what consented for one up is deleted by the next", async () => {
  model = modelOf(`services:\n${service("web", WEB)}${REST.slice(REST.indexOf("  plain:"))}`);

  const { failure, steps } = await up();

  expect(failure).toBeUndefined();
  expect(steps.map((it) => `${it.op} ${it.name}`)).toEqual(["delete mailer"]);
});

test("what the spec protects itself is not deleted, whatever the consent", async () => {
  model = modelOf(
    `services:\n${service("web", WEB)}databases:\n  main: { version: 17, plan: basic_1gb, diskGb: 15, pulumi: { protect: true } }\n`,
  );
  expect((await up()).failure).toBeUndefined();

  const { failure } = await engine.destroy();

  expect(failure).toContain("protected");
  model = FIRST;
  expect((await up()).failure).toBeUndefined();
});

test("a destroy with consent lifts the protection in the same run", async () => {
  expect((await engine.destroy()).failure).toBeUndefined();
  expect(await send(`${cloud.urls.render}/services`, "GET")).toEqual([]);
});

test("a program that ends in an error refuses nothing, because it registered only a part", async () => {
  const kept = model;
  const failing = new Proxy(model, {
    get: (target, key) => {
      if (key === "services") throw new RunError("secrets: 1 problem(s)");
      return Reflect.get(target, key);
    },
  });
  model = failing;

  const outcome = await preview();
  model = kept;

  expect(outcome.failure).toBe("secrets: 1 problem(s)");
});
