import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { type LocalCloud, startLocalCloud } from "../server.ts";
import { type Answer, call, cronJob, webService } from "../test-cloud.ts";

/** An app that answers with its own state and writes its starts and its end to the disk. */
const APP = `
import { appendFileSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
const log = process.env.DATA + "/starts";
appendFileSync(log, "start " + process.env.GREETING + "\\n");
process.once("SIGTERM", () => { appendFileSync(log, "term " + process.env.GREETING + "\\n"); process.exit(0); });
createServer((request, response) => {
  if (request.url === "/exit") process.exit(3);
  const { GREETING, PEER, RENDER_EXTERNAL_URL } = process.env;
  const secret = readFileSync(process.env.CONFIG, "utf8");
  const built = readFileSync("built", "utf8");
  response.end(JSON.stringify({ GREETING, PEER, RENDER_EXTERNAL_URL, secret, built, pid: process.pid }));
}).listen(process.env.PORT, "127.0.0.1");
`;

const REPO = "https://example.com/acme/web";
const IMAGE = "example.com/acme/runtime";
const WAIT = { timeout: 60_000, interval: 100 };

let base: string;
let cloud: LocalCloud;

beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), "opspec-run-"));
  mkdirSync(join(base, "source"));
  writeFileSync(join(base, "source", "app.mjs"), APP);
  cloud = await start();
});
afterEach(async () => {
  await cloud.stop();
  rmSync(base, { recursive: true });
});

function start(): Promise<LocalCloud> {
  return startLocalCloud({
    stateFile: join(base, "state.json"),
    run: {
      sources: { [REPO]: join(base, "source"), [IMAGE]: join(base, "image") },
      stores: { "web-queue": "redis://127.0.0.1:4242" },
      directory: join(base, "run"),
    },
  });
}

function render(method: string, path: string, body?: unknown): Promise<Answer> {
  return call(cloud.urls.render + path, { method, body, token: cloud.token });
}

function commands(buildCommand: string, startCommand: string) {
  return { envSpecificDetails: { buildCommand, startCommand } };
}

async function createWeb(env: Record<string, string> = {}): Promise<Answer> {
  const given = { GREETING: "hello", DATA: "/var/data", CONFIG: "/etc/secrets/config", ...env };
  return render("POST", "/services", {
    ...webService("web", {
      ...commands("echo built > built", "node app.mjs"),
      healthCheckPath: "/",
      disk: { name: "data", mountPath: "/var/data", sizeGB: 1 },
    }),
    envVars: Object.entries(given).map(([key, value]) => ({ key, value })),
    secretFiles: [{ name: "config", content: "see /var/data/file" }],
  });
}

async function untilDeploy(serviceId: string, status: string): Promise<void> {
  await vi.waitFor(async () => {
    const deploys = await render("GET", `/services/${serviceId}/deploys?limit=1`);
    expect(deploys.column("deploy.status")).toEqual([status]);
  }, WAIT);
}

async function addressOf(created: Answer): Promise<string> {
  const { body } = await call(`${cloud.urls.local}/addresses`, { method: "GET" });
  const real = Object(body)[created.text("service.serviceDetails.url")];
  return typeof real === "string" ? real : "";
}

async function messages(serviceId: string): Promise<string> {
  const { body } = await render("GET", `/logs?ownerId=tea-x&resource=${serviceId}&limit=100`);
  return (body as { logs: { message: string }[] }).logs.map((it) => it.message).join("\n");
}

async function seen(url: string): Promise<Record<string, string>> {
  return (await (await fetch(url)).json()) as Record<string, string>;
}

function disk(): string {
  const [path = ""] = execFileSync("find", [join(base, "run", "disks"), "-name", "starts"], {
    encoding: "utf8",
  }).split("\n");
  return readFileSync(path, "utf8");
}

test("a service is built from its folder and answers at its address, with its variables, files and disk", async () => {
  const created = await createWeb({ PEER: "http://web:10000/x" });
  const url = await addressOf(created);
  await untilDeploy(created.text("service.id"), "live");

  expect(created.text("service.serviceDetails.url")).toBe("https://web.onrender.com");
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(await seen(url)).toMatchObject({
    GREETING: "hello",
    PEER: `${url}/x`,
    RENDER_EXTERNAL_URL: url,
    secret: expect.stringMatching(/^see .*\/run\/disks\/dsk-\w+\/file$/),
    built: "built\n",
  });
});

test("a deploy ends the old instance with SIGTERM, keeps the disk and the address", async () => {
  const created = await createWeb();
  const [id, url] = [created.text("service.id"), await addressOf(created)];
  await untilDeploy(id, "live");

  await render("PUT", `/services/${id}/env-vars/GREETING`, { value: "changed" });
  await render("POST", `/services/${id}/deploys`, {});
  await untilDeploy(id, "live");

  expect(await seen(url)).toMatchObject({ GREETING: "changed" });
  expect(disk()).toBe("start hello\nterm hello\nstart changed\n");
});

test("an instance that ends is started again, and a cloud that is started again starts what was live", async () => {
  const created = await createWeb();
  const [id, url] = [created.text("service.id"), await addressOf(created)];
  await untilDeploy(id, "live");

  const { pid } = await seen(url);
  await fetch(`${url}/exit`).catch(() => undefined);
  await vi.waitFor(async () => expect((await seen(url))["pid"]).not.toBe(pid), WAIT);
  expect(await messages(id)).toContain("==> The instance exited with status 3: restarting");

  await cloud.stop();
  await expect(fetch(url)).rejects.toThrow("fetch failed");
  cloud = await start();
  await vi.waitFor(async () => expect(await seen(url)).toMatchObject({ GREETING: "hello" }), WAIT);
});

test.each([
  {
    build: "false",
    start: "node app.mjs",
    status: "build_failed",
    why: "the build command exited with status 1",
  },
  {
    build: "true",
    start: "exit 7",
    status: "update_failed",
    why: "the start command exited with status 7",
  },
])("a deploy of $build and $start is $status, and says why", async (it) => {
  const { build, start: command, status, why } = it;
  const created = await render("POST", "/services", webService("web", commands(build, command)));
  const id = created.text("service.id");

  await untilDeploy(id, status);

  expect(await messages(id)).toContain(why);
});

test("a cron job runs by hand, and tells how it ended and what it said", async () => {
  const job = {
    ...cronJob(),
    serviceDetails: { ...cronJob().serviceDetails, ...commands("true", "echo ran; exit $CODE") },
  };
  const created = await render("POST", "/services", {
    ...job,
    envVars: [{ key: "CODE", value: "0" }],
  });
  const id = created.text("service.id");
  await untilDeploy(id, "live");

  await render("POST", `/cron-jobs/${id}/runs`);

  await vi.waitFor(async () => {
    const service = await render("GET", `/services/${id}`);
    expect(service.text("serviceDetails.lastSuccessfulRunAt")).toMatch(/^20/);
  }, WAIT);
  expect(await messages(id)).toContain("ran");
  const events = await render("GET", `/services/${id}/events?type=cron_job_run_ended`);
  expect(events.column("event.details.status")).toEqual(["succeeded"]);
});

test("a cron job runs when its time comes", async () => {
  const job = {
    ...cronJob(),
    serviceDetails: { ...cronJob().serviceDetails, ...commands("true", "false") },
  };
  const id = (await render("POST", "/services", job)).text("service.id");
  await untilDeploy(id, "live");
  await vi.waitFor(async () => {
    await call(`${cloud.urls.local}/clock`, { method: "POST", body: { advanceSeconds: 86_400 } });
    expect((await ended(id)).at(-1)).toBe("failed");
  }, WAIT);
});

async function ended(id: string): Promise<unknown[]> {
  const events = await render("GET", `/services/${id}/events?type=cron_job_run_ended`);
  return events.column("event.details.status");
}

test("of a service with a Dockerfile its command is run, with the runtime where its image would have it", async () => {
  mkdirSync(join(base, "image"));
  writeFileSync(join(base, "image", "launch"), "node app.mjs");
  writeFileSync(join(base, "source", "built"), "by an engine of containers");
  const docker = { dockerCommand: "sh /opt/opspec/launch" };
  const created = await render("POST", "/services", {
    ...webService("web", { runtime: "docker", envSpecificDetails: docker }),
    envVars: [
      { key: "DATA", value: base },
      { key: "CONFIG", value: "built" },
    ],
  });

  await untilDeploy(created.text("service.id"), "live");

  expect(await seen(await addressOf(created))).toMatchObject({
    built: "by an engine of containers",
  });
});

test("a real store stands behind the address of one that is recorded", async () => {
  const made = await render("POST", "/key-value", {
    name: "web-queue",
    ownerId: "tea-x",
    plan: "starter",
  });
  const query = await render("GET", `/key-value/${made.text("id")}/connection-info`);
  const created = await createWeb({ PEER: query.text("internalConnectionString") });
  await untilDeploy(created.text("service.id"), "live");

  expect(query.text("internalConnectionString")).toMatch(/^redis:\/\/red-/);
  expect(await seen(await addressOf(created))).toMatchObject({ PEER: "redis://127.0.0.1:4242" });
});

test("what is deleted is stopped, and its disk is gone with it", async () => {
  const created = await createWeb();
  const [id, url] = [created.text("service.id"), await addressOf(created)];
  await untilDeploy(id, "live");
  const { pid } = await seen(url);

  await render("DELETE", `/services/${id}`);

  await vi.waitFor(() => expect(() => process.kill(Number(pid), 0)).toThrow("ESRCH"), WAIT);
  await vi.waitFor(() => {
    expect(execFileSync("find", [join(base, "run"), "-type", "f"], { encoding: "utf8" })).toBe("");
  }, WAIT);
});

test("a cloud that runs services accepts only its own token", async () => {
  const url = `${cloud.urls.render}/owners`;

  expect((await call(url, { method: "GET" })).status).toBe(401);
  expect((await call(url, { method: "GET", token: cloud.token })).status).toBe(200);
});
