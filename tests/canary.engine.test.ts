import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalCloud, startLocalCloud } from "../infra/local-cloud/server.ts";
import { loadStack } from "../infra/stack.ts";
import { type CheckoutCopy, copyCheckout } from "../infra/testing/checkout-copy.ts";
import { send } from "../infra/testing/render-plugin.ts";
import { locateEngine } from "../scripts/engine/find.ts";
import { apartEnvironment } from "../scripts/workspace/plugin-project.ts";

/**
 * Every secret of a stack gets a value that is found nowhere else; after each operation that value
 * is looked for in all that was printed, written, logged or given to a process as an argument.
 */
const STACK = "joslyn-ai";

/** How often the arguments of all processes are read while an operation runs. */
const ARGV_SAMPLE_MS = 40;

const secrets = loadStack(STACK).model.secrets.filter((it) => it.generateBytes === undefined);
const planted = new Map(
  secrets.map(({ name }, index) => [name, `canary-${index}-${crypto.randomUUID()}-of-${index}`]),
);

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
  const { path } = await locateEngine({ log: () => undefined });
  await run(path, ["-C", copied.checkout, "--non-interactive", "stack", "init", STACK]);
});

afterAll(async () => {
  copied.remove();
  await cloud.stop();
});

interface Seen {
  readonly code: number;
  /** Everything that was printed, and every argument of every process that ran meanwhile. */
  readonly text: string;
}

function run(file: string, args: readonly string[]): Promise<Seen> {
  return new Promise((resolve) => {
    const argv = new Set<string>();
    const sampling = setInterval(
      () => commandLines().forEach((it) => argv.add(it)),
      ARGV_SAMPLE_MS,
    );
    execFile(
      file,
      [...args],
      { cwd: copied.directory, env, maxBuffer: 2 ** 26 },
      (error, stdout, stderr) => {
        clearInterval(sampling);
        const code = typeof error?.code === "number" ? error.code : 0;
        resolve({ code, text: [stdout, stderr, ...argv].join("\n") });
      },
    );
  });
}

function opspec(...args: string[]): Promise<Seen> {
  return run(process.execPath, [join(copied.checkout, "scripts", "bin", "opspec.mjs"), ...args]);
}

/** The arguments of every process of this machine; on others than Linux there are none to see. */
function commandLines(): string[] {
  try {
    return readdirSync("/proc")
      .filter((it) => /^\d+$/.test(it))
      .flatMap((pid) => {
        try {
          return [readFileSync(`/proc/${pid}/cmdline`, "utf8")];
        } catch {
          return []; // The process has ended since.
        }
      });
  } catch {
    return [];
  }
}

/** Everything that lies in the files of the run: state, history, locks, configuration, homes. */
function written(): string {
  return readdirSync(copied.directory, { recursive: true, withFileTypes: true })
    .filter((it) => it.isFile() && !it.parentPath.includes("node_modules"))
    .map((it) => readFileSync(join(it.parentPath, it.name), "utf8"))
    .join("\n");
}

/** The names of the values that a text gives away. */
async function leaks(text: string): Promise<string[]> {
  const requests = JSON.stringify(await send(`${cloud.urls.local}/requests`, "GET"));
  const page = await (await fetch(cloud.urls.page)).text();
  const everywhere = [text, written(), requests, page].join("\n");
  const values = new Map([
    ...planted,
    ...(await generatedValues()),
    ["RENDER_API_KEY", env["RENDER_API_KEY"] ?? ""],
  ]);
  return [...values].filter(([, value]) => everywhere.includes(value)).map(([name]) => name);
}

/** Values that Render made: passwords of the databases. */
async function generatedValues(): Promise<[string, string][]> {
  const databases = (await send(`${cloud.urls.render}/postgres`, "GET")) as {
    postgres: { id: string };
  }[];
  return Promise.all(
    databases.map(async ({ postgres }): Promise<[string, string]> => {
      const path = `/postgres/${postgres.id}/connection-info`;
      const info = (await send(`${cloud.urls.render}${path}`, "GET")) as { password: string };
      return [postgres.id, info.password];
    }),
  );
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
  const bodies = await everyValueAtRender();
  expect([...planted].filter(([, value]) => !bodies.includes(value))).toEqual([]);
});

test.each([["refresh"], ["verify"], ["preview"]])("%s gives nothing away", async (command) => {
  const { text } = await opspec(command, STACK, "--json");
  expect(await leaks(text)).toEqual([]);
});

test("an error of Render's gives nothing away", async () => {
  await send(`${cloud.urls.local}/faults`, "POST", [
    { method: "GET", path: "/v1/services", times: 50, status: 403 },
  ]);

  const { code, text } = await opspec("refresh", STACK);

  expect(code).toBe(1);
  expect(text).toContain("HTTP 403");
  expect(await leaks(text)).toEqual([]);
});

test("two sources that differ are refused by name, without the values", async () => {
  const { path } = await locateEngine({ log: () => undefined });
  await run(path, [
    "-C",
    copied.checkout,
    "config",
    "set",
    "--secret",
    "ADMIN_API_KEY",
    "canary-other-value-of-admin",
    "--stack",
    STACK,
  ]);

  const { code, text } = await opspec("preview", STACK);

  expect(code).toBe(1);
  expect(text).toContain(
    "ADMIN_API_KEY: config opspec:ADMIN_API_KEY and OPSPEC_SECRET_ADMIN_API_KEY give different values.",
  );
  expect(await leaks(text)).toEqual([]);
  expect(text).not.toContain("canary-other-value-of-admin");
});

/** What Render's API says of the environments of everything: there, and only there, are the values. */
async function everyValueAtRender(): Promise<string> {
  const services = (await send(`${cloud.urls.render}/services?limit=100`, "GET")) as {
    service: { id: string };
  }[];
  const groups = (await send(`${cloud.urls.render}/env-groups?limit=100`, "GET")) as {
    id: string;
  }[];
  const paths = [
    ...services.map(({ service }) => `/services/${service.id}/env-vars?limit=100`),
    ...groups.map(({ id }) => `/env-groups/${id}`),
  ];
  return JSON.stringify(
    await Promise.all(paths.map((it) => send(`${cloud.urls.render}${it}`, "GET"))),
  );
}
