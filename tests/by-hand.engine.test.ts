import { execFile } from "node:child_process";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalCloud, startLocalCloud } from "../infra/local-cloud/server.ts";
import { type CheckoutCopy, copyCheckout } from "../infra/testing/checkout-copy.ts";
import { send } from "../infra/testing/render-plugin.ts";
import { locateEngine } from "../scripts/engine/find.ts";
import { apartEnvironment } from "../scripts/workspace/plugin-project.ts";

/** The README's commands for `pulumi` by hand, in a copy of the checkout, from another directory. */
const STACK = "vega-cockpit";
const SECRET = "a-value-that-nobody-may-see";

let cloud: LocalCloud;
let copied: CheckoutCopy;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  cloud = await startLocalCloud({});
  copied = copyCheckout();
  const { path, languageHostDir } = await locateEngine({ log: () => undefined });
  const bins = [languageHostDir, dirname(path), dirname(process.execPath), process.env["PATH"]];
  env = {
    ...process.env,
    ...apartEnvironment(copied.directory, "by-hand"),
    PATH: bins.filter((it) => it !== undefined).join(":"),
    PULUMI_HOME: join(copied.directory, "home"),
    RENDER_HOST: cloud.urls.render,
    RENDER_API_KEY: "by-hand",
  };
});

afterAll(async () => {
  copied.remove();
  await cloud.stop();
});

async function pulumi(...args: string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(
    "pulumi",
    ["-C", copied.checkout, "--non-interactive", ...args],
    {
      cwd: copied.directory,
      env,
    },
  );
  return stdout + stderr;
}

async function serviceNames(): Promise<string[]> {
  const listed = (await send(`${cloud.urls.render}/services`, "GET")) as {
    service: { name: string };
  }[];
  return listed.map((it) => it.service.name).toSorted();
}

test("stack init and config set --secret write the stack's file into stacks/, with nothing in clear", async () => {
  await pulumi("stack", "init", STACK);
  await pulumi("config", "set", "--secret", "SENDGRID_API_KEY", SECRET);

  const file = readFileSync(join(copied.checkout, "stacks", `Pulumi.${STACK}.yaml`), "utf8");
  expect(file).toMatch(/opspec:SENDGRID_API_KEY:\n\s+secure: /);
  expect(file).not.toContain(SECRET);
});

test("preview shows what up would create, and creates nothing", async () => {
  const shown = await pulumi("preview");

  expect(shown).toContain("render:index:WebService");
  expect(shown).not.toContain(SECRET);
  expect(await serviceNames()).toEqual([]);
});

test("up creates it, and the configured secret reaches the service", async () => {
  const shown = await pulumi("up", "--yes", "--skip-preview");

  expect(shown).not.toContain(SECRET);
  expect(await serviceNames()).toHaveLength(4);
  const listed = (await send(`${cloud.urls.render}/services?type=web_service`, "GET")) as {
    service: { id: string };
  }[];
  const configured = await send(
    `${cloud.urls.render}/services/${listed[0]?.service.id}/env-vars/SENDGRID_API_KEY`,
    "GET",
  );
  expect(JSON.stringify(configured)).toContain(SECRET);
});

test("a second preview expects no changes, and gets none", async () => {
  expect(await pulumi("preview", "--expect-no-changes")).toContain("unchanged");
});

test("a service that is there already is imported", async () => {
  const made = (await send(`${cloud.urls.render}/services`, "POST", {
    type: "web_service",
    name: "older",
    ownerId: "tea-00000000000000000000",
    image: { ownerId: "tea-00000000000000000000", imagePath: "docker.io/library/nginx:1" },
    serviceDetails: { runtime: "image", plan: "starter", region: "oregon" },
  })) as { service: { id: string } };

  const shown = await pulumi(
    "import",
    "--yes",
    "--skip-preview",
    "--generate-code=false",
    "render:index:WebService",
    "older",
    made.service.id,
  );

  expect(shown).toMatch(/older.*import/s);
  const state = await pulumi("stack", "export");
  expect(state).toContain(made.service.id);
});

test("a wrong spec stops the preview with its places and no stack trace", async () => {
  const broken = join(copied.checkout, "stacks", "broken.ops.yaml");
  cpSync(join(copied.checkout, "stacks", `${STACK}.ops.yaml`), broken);
  const text = readFileSync(broken, "utf8").replace("plan: starter", "plann: starter");
  writeFileSync(broken, text);
  await pulumi("stack", "init", "broken");

  const preview = pulumi("preview", "--stack", "broken");

  await expect(preview).rejects.toSatisfy((error: { stdout: string; stderr: string }) => {
    const shown = error.stdout + error.stderr;
    return (
      /stacks\/broken\.ops\.yaml:\d+:\d+ {2}services\/web\/plann/.test(shown) &&
      !shown.includes("    at ")
    );
  });
});
