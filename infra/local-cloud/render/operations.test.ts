import { readFileSync } from "node:fs";

import { expect, test } from "vitest";
import { WebSocket } from "ws";

import { useCloud } from "../test-cloud.ts";
import { UNSUPPORTED } from "./unsupported.ts";

const cloud = useCloud();

/** Every operation of Render's API, by method and path. */
const OPERATIONS = readFileSync(new URL("operations.tsv", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line) => line.split("\t") as [method: string, path: string]);

/** The most operations that may have no meaning here. */
const UNSUPPORTED_MAX = 40;

test("every operation of Render's API is known, and few are refused", async () => {
  const answers = await Promise.all(
    OPERATIONS.filter(([, path]) => path !== "/logs/subscribe").map(async ([method, path]) => {
      const { status, body } = await cloud.render(method, path.replaceAll(/\{\w+\}/g, "x-1"));
      return { operation: `${method} ${path}`, status, body };
    }),
  );

  const unknown = answers.filter(({ body }) =>
    JSON.stringify(body ?? {}).includes("does not know"),
  );
  expect(unknown).toEqual([]);
  expect(answers.filter(({ status }) => status === 500)).toEqual([]);
  expect(answers.filter(({ status }) => status === 501)).toHaveLength(UNSUPPORTED.length);
  expect(UNSUPPORTED.length).toBeLessThanOrEqual(UNSUPPORTED_MAX);
});

test("a refused operation says why", async () => {
  const answer = await cloud.render("POST", "/sandboxes", {});

  expect(answer.status).toBe(501);
  expect(answer.body).toEqual({
    message: "not supported here: POST /sandboxes. This cloud starts no sandboxes.",
  });
});

test("a client whose host ends with a slash is answered", async () => {
  expect((await cloud.render("GET", "//owners")).status).toBe(200);
});

test("new log lines arrive over the websocket", async () => {
  const created = await cloud.render("POST", "/services", {
    type: "web_service",
    name: "web",
    ownerId: "tea-local000000000000000",
    image: { imagePath: "nginx" },
    serviceDetails: { runtime: "image", plan: "starter" },
  });
  const id = created.text("service.id");
  const query = `ownerId=tea-local000000000000000&resource=${id}`;
  const url = `${cloud.urls.render.replace("http", "ws")}/logs/subscribe?${query}`;
  const socket = new WebSocket(url, { headers: { authorization: "Bearer rnd_test" } });
  const first = new Promise<string>((resolve, reject) => {
    socket.once("message", (data) => resolve(String(data)));
    socket.once("error", reject);
  });
  await new Promise((resolve) => socket.once("open", resolve));
  await cloud.local("POST", "/clock", { advanceSeconds: 2 });

  expect(JSON.parse(await first)).toMatchObject({ message: expect.any(String) });
  socket.close();
});

test.each([
  ["", 401],
  ["Bearer rnd_test", 400],
])("a websocket with %j and no resource is refused", async (authorization, status) => {
  const url = `${cloud.urls.render.replace("http", "ws")}/logs/subscribe`;
  const socket = new WebSocket(url, { headers: { authorization } });

  const refused = await new Promise<number>((resolve) => {
    socket.once("unexpected-response", (_, response) => resolve(response.statusCode ?? 0));
  });

  expect(refused).toBe(status);
});

test("log streams, metrics streams, webhooks and dedicated IPs are stored and read back", async () => {
  const owner = "tea-local000000000000000";
  const redis = await cloud.render("POST", "/redis", {
    name: "r",
    ownerId: owner,
    plan: "starter",
  });
  const stream = `/logs/streams/resource/${redis.text("id")}`;
  const before = await cloud.render("GET", stream);
  const set = await cloud.render("PUT", stream, { setting: "drop", endpoint: "", token: "" });
  const after = await cloud.render("GET", stream);

  expect(before.body).toEqual({ message: `not found: ${redis.text("id")}` });
  expect(set.body).toEqual({ endpoint: "", resourceId: redis.text("id"), setting: "drop" });
  expect(after.body).toEqual(set.body);
  expect((await cloud.render("GET", `/logs/streams/owner/${owner}`)).body).toEqual({
    endpoint: "",
    ownerId: owner,
    preview: "drop",
  });
  expect((await cloud.render("DELETE", stream)).status).toBe(204);

  const metrics = { provider: "DATADOG", url: "https://example.com", token: "t" };
  const put = await cloud.render("PUT", `/metrics-stream/${owner}`, metrics);
  expect(put.body).toEqual({ ownerId: owner, provider: "DATADOG", url: "https://example.com" });

  const hook = { ownerId: owner, name: "h", url: "https://example.com", eventFilter: [] };
  const webhook = await cloud.render("POST", "/webhooks", { ...hook, enabled: true });
  expect(webhook.status).toBe(201);
  expect(webhook.body).toEqual({
    id: expect.stringMatching(/^whk-/),
    enabled: true,
    eventFilter: null,
    name: "h",
    secret: expect.any(String),
    url: "https://example.com",
  });

  const ips = await cloud.render("POST", "/dedicated-ips", { name: "out", ownerId: owner });
  expect(ips.body).toMatchObject({ environmentIds: [], ips: [], status: "CREATING" });
  await cloud.local("POST", "/clock", { advanceSeconds: 2 });
  const running = await cloud.render("GET", `/dedicated-ips/${ips.text("id")}`);
  expect(running.body).toMatchObject({ status: "RUNNING" });
  expect(running.body).toHaveProperty("ips.length", 3);
});

test("/redis and /key-value are two names of the same instances", async () => {
  const owner = "tea-local000000000000000";
  const made = await cloud.render("POST", "/redis", { name: "r", ownerId: owner, plan: "starter" });
  const id = made.text("id");

  const info = await cloud.render("GET", `/redis/${id}/connection-info`);
  const twin = await cloud.render("GET", `/key-value/${id}/connection-info`);

  expect((await cloud.render("GET", "/redis")).column("redis.id")).toEqual([id]);
  expect((await cloud.render("GET", "/key-value")).column("keyValue.id")).toEqual([id]);
  expect(info.text("redisCLICommand")).toBe(twin.text("cliCommand"));
  expect(twin.text("cliCommand")).toMatch(/^ REDISCLI_AUTH=\w{32} valkey-cli --user red-\w+ -h /);
});

async function validate(text: string): Promise<unknown> {
  const body = new FormData();
  body.set("ownerId", "tea-local000000000000000");
  body.set("file", new Blob([text]), "render.yaml");
  const headers = { authorization: "Bearer rnd_test" };
  const url = `${cloud.urls.render}/blueprints/validate`;
  return (await fetch(url, { method: "POST", headers, body })).json();
}

test("a Blueprint is validated with its plan or its problems", async () => {
  expect(
    await validate(
      "services: [{ type: web, name: a }, { type: keyvalue, name: b }]\ndatabases: [{ name: c }]",
    ),
  ).toEqual({
    valid: true,
    plan: { services: ["a"], keyValue: ["b"], databases: ["c"], envGroups: [], totalActions: 3 },
  });
  expect(await validate("databases:\n  - name: c\n    plan: starter\nservice: []")).toEqual({
    valid: false,
    errors: [
      { error: "unknown field service", path: "service", line: 4, column: 1 },
      {
        error:
          "Legacy Postgres plans, including 'starter', are no longer supported for new databases",
        path: "databases[0].plan",
        line: 2,
        column: 5,
      },
    ],
  });
});
