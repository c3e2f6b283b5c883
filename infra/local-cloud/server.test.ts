import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { startLocalCloud } from "./server.ts";
import { call, useCloud, webService } from "./test-cloud.ts";

const cloud = useCloud();

async function stateFile(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "local-cloud-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  return join(directory, "deep", "state.json");
}

test("the addresses are those that the cloud command prints", () => {
  const { origin } = new URL(cloud.urls.page);

  expect(origin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(cloud.urls).toEqual({
    render: `${origin}/v1`,
    cloudflare: `${origin}/client/v4`,
    local: `${origin}/__local`,
    page: `${origin}/`,
  });
});

test("a port that is taken is said so, with what to do", async () => {
  const port = Number(new URL(cloud.urls.page).port);

  await expect(startLocalCloud({ port })).rejects.toThrow(
    `local cloud: port ${port} is taken by another program. Choose another port, or omit it to get a free one.`,
  );
});

test("stop closes connections that are kept alive", async () => {
  const other = await startLocalCloud();
  await call(`${other.urls.render}/owners`, { method: "GET" });

  await other.stop();

  await expect(call(`${other.urls.render}/owners`, { method: "GET" })).rejects.toThrow();
});

test("stop does not wait for a delayed request, and nothing is written after it", async () => {
  const file = await stateFile();
  const other = await startLocalCloud({ stateFile: file });
  const delayed = [{ method: "POST", path: "/v1/services", delayMs: 60_000 }];
  await call(`${other.urls.local}/faults`, { method: "POST", body: delayed });
  const create = call(`${other.urls.render}/services`, { method: "POST", body: webService() });
  const outcome = expect(create).rejects.toThrow();
  await new Promise((resolve) => setTimeout(resolve, 50));

  await other.stop();

  await outcome;
  expect(JSON.parse(await readFile(file, "utf8"))).toMatchObject({ services: {} });
});

test("what the cloud does not know is 404, naming method and path", async () => {
  const unknown = [
    await cloud.render("PUT", "/services"),
    await call(`${cloud.urls.cloudflare}/zones?name=x`, { method: "GET" }),
    await cloud.local("GET", "/nothing"),
  ];

  expect(unknown.map(({ status }) => status)).toEqual([404, 404, 404]);
  expect(unknown.map(({ body }) => body)).toEqual([
    { message: "the local cloud does not know PUT /v1/services" },
    { message: "the local cloud does not know GET /client/v4/zones" },
    { message: "the local cloud does not know GET /__local/nothing" },
  ]);
});

test("without a bearer the answer is 401, and any bearer will do", async () => {
  const without = await fetch(`${cloud.urls.render}/owners`);
  const blank = await fetch(`${cloud.urls.render}/owners`, {
    headers: { authorization: "Bearer " },
  });

  expect([without.status, blank.status]).toEqual([401, 401]);
  expect((await cloud.render("GET", "/owners")).status).toBe(200);
});

test("a web page cannot reach the cloud through a browser", async () => {
  const headers = { authorization: "Bearer x", origin: "https://evil.example" };

  const answer = await fetch(`${cloud.urls.local}/reset`, { method: "POST", headers });

  expect(answer.status).toBe(403);
});

test("the state outlives the process, with deploys where they would be", async () => {
  const file = await stateFile();
  const first = await startLocalCloud({ stateFile: file, realistic: true });
  const created = await call(`${first.urls.render}/services`, {
    method: "POST",
    body: webService(),
  });
  const path = `/services/${created.text("service.id")}`;
  await call(`${first.urls.local}/clock`, { method: "POST", body: { advanceSeconds: 61 } });
  await first.stop();

  const second = await startLocalCloud({ stateFile: file });
  onTestFinished(() => second.stop());
  const service = await call(`${second.urls.render}${path}`, { method: "GET" });
  const deploys = await call(`${second.urls.render}${path}/deploys`, { method: "GET" });

  expect(service.body).toMatchObject({ name: "web" });
  expect(deploys.column("deploy.status")).toEqual(["update_in_progress"]);
});

test("the state file is for its owner only, and no temporary file stays", async () => {
  const file = await stateFile();
  const other = await startLocalCloud({ stateFile: file });
  onTestFinished(() => other.stop());

  await call(`${other.urls.render}/services`, { method: "POST", body: webService() });

  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readdir(join(file, ".."))).toEqual(["state.json"]);
});

test("a state file of another version is refused, with what to do", async () => {
  const file = join(await stateFile(), "..", "..", "old.json");
  await writeFile(file, JSON.stringify({ version: 99 }));

  await expect(startLocalCloud({ stateFile: file })).rejects.toThrow(
    `${file}: not a local cloud's state of version 1, got version 99. ` +
      "Delete the file to start with an empty cloud, or name another file.",
  );
});

test("a state file that is not JSON is refused, with what to do", async () => {
  const file = join(await stateFile(), "..", "..", "broken.json");
  await writeFile(file, "{");

  await expect(startLocalCloud({ stateFile: file })).rejects.toThrow(
    `${file}: the state of the local cloud cannot be read. Delete the file`,
  );
});
