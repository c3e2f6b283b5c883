import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalCloud, startLocalCloud } from "../infra/local-cloud/server.ts";
import { loadStack } from "../infra/stack.ts";
import { type CheckoutCopy, copyCheckout } from "../infra/testing/checkout-copy.ts";
import { startEchoingProxy } from "../infra/testing/echoing-proxy.ts";
import { send } from "../infra/testing/render-plugin.ts";
import { runWatched, type Seen } from "../infra/testing/watched-run.ts";
import { locateEngine } from "../scripts/engine/find.ts";
import { apartEnvironment } from "../scripts/workspace/plugin-project.ts";

/**
 * Every secret of a stack gets a unique value. After each operation the test searches all
 * output, files, logs and process arguments for that value: as it is, URL-encoded and in base64.
 */
const STACK = "joslyn-ai";

/** A stack with secrets that are generated for several users. */
const GENERATING_STACK = "vega-cockpit";

const STACKS = [STACK, GENERATING_STACK];
const secrets = STACKS.flatMap((it) => loadStack(it).model.secrets);
const generatedNames = STACKS.flatMap(generatedNamesOf);

/** The last characters are encoded in a URL. */
const planted = new Map(
  secrets
    .filter((it) => it.generateBytes === undefined)
    .map(({ name }, index) => [name, `canary-${index}-${crypto.randomUUID()}-of-${index}/+=`]),
);

/** The forms of a value: itself, or encoded at any alignment. */
function formsOf(value: string): string[] {
  const encoded = [0, 1, 2].map((shift) =>
    Buffer.from(" ".repeat(shift) + value)
      .toString("base64")
      .slice(Math.ceil((shift * 4) / 3), Math.floor(((shift + value.length) * 4) / 3)),
  );
  return [value, encodeURIComponent(value), ...encoded];
}

let copied: CheckoutCopy;
let cloud: LocalCloud;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  copied = copyCheckout();
  cloud = await startLocalCloud({});
  env = {
    ...process.env,
    ...apartEnvironment(copied.directory, "canary"),
    PULUMI_HOME: join(copied.directory, "home"),
    RENDER_HOST: cloud.urls.render,
    RENDER_API_KEY: "canary-key-that-nobody-may-see",
    ...Object.fromEntries([...planted].map(([name, value]) => [`OPSPEC_SECRET_${name}`, value])),
  };
  await pulumi("stack", "init", STACK);
});

afterAll(async () => {
  copied.remove();
  await cloud.stop();
});

/** Output of the first `up`, in which Render may repeat generated secrets. */
let echoedText = "";

function run(file: string, args: readonly string[]): Promise<Seen> {
  return runWatched(file, args, { cwd: copied.directory, env });
}

function opspec(...args: string[]): Promise<Seen> {
  return run(process.execPath, [join(copied.checkout, "scripts", "bin", "opspec.mjs"), ...args]);
}

async function pulumi(...args: string[]): Promise<Seen> {
  const { path } = await locateEngine({ log: () => undefined });
  return run(path, ["-C", copied.checkout, "--non-interactive", ...args]);
}

/** The content of all files of the run: state, history, locks, configuration, homes. */
function written(): string {
  return readdirSync(copied.directory, { recursive: true, withFileTypes: true })
    .filter((it) => it.isFile() && !it.parentPath.includes("node_modules"))
    .map((it) => readFileSync(join(it.parentPath, it.name), "utf8"))
    .join("\n");
}

/** The names of the values that a text contains. */
async function leaks(text: string): Promise<string[]> {
  const requests = JSON.stringify(await send(`${cloud.urls.local}/requests`, "GET"));
  // On a separate connection, as `send` does.
  const page = await (await fetch(cloud.urls.page, { headers: { connection: "close" } })).text();
  const everywhere = [text, written(), requests, page].join("\n");
  const values = new Map([
    ...planted,
    ...(await generatedValues()),
    ["RENDER_API_KEY", env["RENDER_API_KEY"] ?? ""],
  ]);
  return [...values]
    .filter(([, value]) => formsOf(value).some((it) => everywhere.includes(it)))
    .map(([name]) => name);
}

function generatedNamesOf(stack: string): string[] {
  const generated = loadStack(stack).model.secrets.filter((it) => it.generateBytes !== undefined);
  return generated.map((it) => it.name);
}

/** Values that the test did not choose: passwords of Render, and generated secrets. */
async function generatedValues(): Promise<[string, string][]> {
  return [
    ...(await passwords("postgres", ({ password }) => password)),
    ...(await passwords(
      "key-value",
      ({ externalConnectionString = "" }) => new URL(externalConnectionString).password,
    )),
    ...(await generatedSecrets()),
  ];
}

type ConnectionInfo = Readonly<Record<string, string | undefined>>;

async function passwords(
  list: string,
  passwordOf: (info: ConnectionInfo) => string | undefined,
): Promise<[string, string][]> {
  const { render } = cloud.urls;
  const rows = (await send(`${render}/${list}`, "GET")) as Record<string, { id?: string }>[];
  const ids = rows.flatMap((row) => Object.values(row).flatMap(({ id }) => id ?? []));
  return Promise.all(
    ids.map(async (id): Promise<[string, string]> => {
      const info = await send(`${render}/${list}/${id}/connection-info`, "GET");
      const password = passwordOf(info as ConnectionInfo);
      if (!password) throw new Error(`${id}: has no password. Look where its answer has it now.`);
      return [id, password];
    }),
  );
}

async function generatedSecrets(): Promise<[string, string][]> {
  return (await variablesAtRender()).filter(([key]) => generatedNames.includes(key));
}

test("a preview gives nothing away", async () => {
  const { code, text } = await opspec("preview", STACK, "--json");

  expect(code).toBe(0);
  expect(await leaks(text)).toEqual([]);
});

test("a failing up gives nothing away", async () => {
  await send(`${cloud.urls.local}/faults`, "POST", [
    { deploy: "build_failed", service: "iep-ally-web", times: 1 },
  ]);

  const { code, text } = await opspec("up", STACK);

  expect(code).toBe(1);
  expect(text).toContain("ended as build_failed");
  expect(await leaks(text)).toEqual([]);
});

test("the up that mends it gives nothing away, and the values are where they must be", async () => {
  const { code, text } = await opspec("up", STACK, "--json");

  expect(code).toBe(0);
  expect(await leaks(text)).toEqual([]);
  expect(written()).toContain("ciphertext");
  expect(await missingAtRender(STACK)).toEqual([]);
  const kinds = (await generatedValues()).map(([name]) => name.replace(/-.*/, ""));
  expect(new Set(kinds)).toEqual(new Set([...generatedNamesOf(STACK), "dpg", "red"]));
});

test.each([["refresh"], ["verify"], ["preview"]])("%s gives nothing away", async (command) => {
  const { text } = await opspec(command, STACK, "--json");
  expect(await leaks(text)).toEqual([]);
});

test("an export of the state gives nothing away", async () => {
  const { code, text } = await pulumi("stack", "export", "--stack", STACK);

  expect(code).toBe(0);
  expect(text).toContain("ciphertext");
  expect(await leaks(text)).toEqual([]);
});

test("a refusal of Render's that repeats what it was sent gives nothing away, nor do files", async () => {
  await pulumi("stack", "init", GENERATING_STACK);
  const proxy = await startEchoingProxy(cloud.urls.render, "POST /v1/services");
  const direct = env["RENDER_HOST"];
  env["RENDER_HOST"] = proxy.url;

  const { code, text } = await opspec("up", GENERATING_STACK);

  env["RENDER_HOST"] = direct;
  await proxy.stop();
  expect(code).toBe(1);
  expect(text).toContain("HTTP 400");
  const echoed = loadStack(GENERATING_STACK).model.secrets.map(({ name }) => planted.get(name));
  expect(echoed.filter((it) => it && proxy.said().includes(it)).length).toBeGreaterThan(0);
  expect(await leaks(text)).toEqual([]);
  echoedText = text;
});

test("a secret that is generated is given away neither by the up that makes it nor by an export", async () => {
  const { code, text } = await opspec("up", GENERATING_STACK, "--json");
  const exported = await pulumi("stack", "export", "--stack", GENERATING_STACK);

  expect(code).toBe(0);
  const names = new Set((await generatedSecrets()).map(([name]) => name));
  expect(names).toEqual(new Set(generatedNames));
  expect(await missingAtRender(GENERATING_STACK)).toEqual([]);
  expect(exported.text).toContain("ciphertext");
  expect(await leaks(text + exported.text + echoedText)).toEqual([]);
});

test("an error of Render's gives nothing away", async () => {
  await send(`${cloud.urls.local}/faults`, "POST", [
    { method: "GET", path: "/v1/projects", times: 50, status: 403 },
  ]);

  const { code, text } = await opspec("refresh", STACK);

  expect(code).toBe(1);
  expect(text).toContain("HTTP 403");
  expect(await leaks(text)).toEqual([]);
});

test("two sources that differ are refused by name, without the values", async () => {
  const other = "canary-other-value-of-admin";
  await pulumi("config", "set", "--secret", "ADMIN_API_KEY", other, "--stack", STACK);

  const { code, text } = await opspec("preview", STACK);

  expect(code).toBe(1);
  expect(text).toContain(
    "ADMIN_API_KEY: config opspec:ADMIN_API_KEY and OPSPEC_SECRET_ADMIN_API_KEY give different values.",
  );
  expect(await leaks(text)).toEqual([]);
  expect(text).not.toContain(other);
});

/** The secrets of a stack whose value is in no environment on Render. */
async function missingAtRender(stack: string): Promise<string[]> {
  const values = (await variablesAtRender()).map(([, value]) => value);
  return loadStack(stack)
    .model.secrets.map(({ name }) => [name, planted.get(name)] as const)
    .filter(([, value]) => value !== undefined && !values.includes(value))
    .map(([name]) => name);
}

/** The variables of all resources on Render, the only place of the values. */
async function variablesAtRender(): Promise<[key: string, value: string][]> {
  const { render } = cloud.urls;
  const read = (path: string): Promise<unknown> => send(`${render}${path}?limit=100`, "GET");
  const services = (await read("/services")) as { service: { id: string } }[];
  const groups = (await read("/env-groups")) as { id: string }[];
  const ofServices = await Promise.all(
    services.map(({ service }) => read(`/services/${service.id}/env-vars`)),
  );
  const ofGroups = await Promise.all(groups.map(({ id }) => read(`/env-groups/${id}`)));
  const all = [
    ...(ofServices.flat() as { envVar: Variable }[]).map((it) => it.envVar),
    ...(ofGroups as { envVars: Variable[] }[]).flatMap((it) => it.envVars),
  ];
  return all.map(({ key, value }) => [key, value]);
}

interface Variable {
  readonly key: string;
  readonly value: string;
}
