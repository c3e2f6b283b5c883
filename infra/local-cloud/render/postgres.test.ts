import { expect, test } from "vitest";

import { useCloud } from "../test-cloud.ts";

const cloud = useCloud();

function databaseBody(more: Record<string, unknown> = {}) {
  return {
    name: "main",
    ownerId: "tea-local000000000000000",
    plan: "basic_256mb",
    version: "17",
    ...more,
  };
}

async function newDatabase(more: Record<string, unknown> = {}) {
  return cloud.render("POST", "/postgres", databaseBody(more));
}

async function databasePath(more: Record<string, unknown> = {}): Promise<string> {
  const path = `/postgres/${(await newDatabase(more)).text("id")}`;
  await ready();
  return path;
}

function ready() {
  return cloud.local("POST", "/clock", { advanceSeconds: 1 });
}

test("a database is unknown, then creating, then available", async () => {
  const created = await newDatabase({ databaseName: "shop" });
  const path = `/postgres/${created.text("id")}`;
  const early = await cloud.render("GET", path);
  await ready();
  const late = await cloud.render("GET", path);

  expect(created.status).toBe(201);
  expect(created.text("id")).toMatch(/^dpg-[0-9a-v]{20}-a$/);
  expect([created, early, late].map((it) => it.text("status"))).toEqual([
    "unknown",
    "creating",
    "available",
  ]);
  expect(created.text("createdAt")).toMatch(/\.\d{9}Z$/);
  expect(late.body).toMatchObject({
    createdAt: expect.stringMatching(/\.\d{6}Z$/),
    databaseName: expect.stringMatching(/^shop_[0-9a-v]{4}$/),
    databaseUser: expect.stringMatching(/^shop_[0-9a-v]{4}_user$/),
    diskSizeGB: 15,
    role: "primary",
    version: "17",
    region: "oregon",
    owner: { id: "tea-local000000000000000" },
    readReplicas: [],
    suspenders: [],
    ipAllowList: [{ cidrBlock: "0.0.0.0/0", description: "everywhere" }],
  });
});

test("how to connect is told, with one password in all of it", async () => {
  const path = await databasePath({ databaseUser: "app", databaseName: "shop" });

  const info = await cloud.render("GET", `${path}/connection-info`);

  const id = path.split("/").at(-1);
  const password = info.text("password");
  expect(password).toMatch(/^[0-9a-z]{32}$/);
  expect(info.text("internalConnectionString")).toMatch(
    new RegExp(`^postgresql://app:${password}@${id}/shop_`),
  );
  expect(info.text("externalConnectionString")).toContain(
    `@${id}.oregon-postgres.render.com:5432/`,
  );
  expect(info.text("psqlCommand")).toContain(`PGPASSWORD=${password}`);
});

test("a new plan takes time and shows at once; a new allow-list takes none", async () => {
  const path = await databasePath();

  const allowed = await cloud.render("PATCH", path, { ipAllowList: [] });
  const grown = await cloud.render("PATCH", path, { plan: "basic_1gb" });
  await ready();

  expect(allowed.body).toMatchObject({ status: "available", ipAllowList: null });
  expect(grown.body).toMatchObject({ status: "creating", plan: "basic_1gb" });
  expect((await cloud.render("GET", path)).body).toMatchObject({ status: "available" });
});

test("a disk grows in steps, never shrinks, and rests for twelve hours", async () => {
  const path = await databasePath({ diskSizeGB: 20 });
  const resize = (diskSizeGB: number) => cloud.render("PATCH", path, { diskSizeGB });

  expect((await resize(15)).status).toBe(400);
  expect((await resize(22)).status).toBe(400);
  expect((await resize(25)).status).toBe(200);
  expect((await resize(30)).status).toBe(400);
  await cloud.local("POST", "/clock", { advanceSeconds: 12 * 3600 });
  expect((await resize(30)).status).toBe(200);
});

test("replicas are matched by name, and the list is authoritative", async () => {
  const path = await databasePath({ readReplicas: [{ name: "a" }, { name: "b" }] });
  const id = path.split("/").at(-1) ?? "";

  const kept = await cloud.render("PATCH", path, { readReplicas: [{ name: "b" }, { name: "c" }] });
  const none = await cloud.render("PATCH", path, { readReplicas: null });

  expect(kept.body).toMatchObject({
    readReplicas: [
      { id: id.replace(/a$/, "c"), name: "b" },
      { id: id.replace(/a$/, "d"), name: "c" },
    ],
  });
  expect(none.body).toMatchObject({ readReplicas: [] });
});

test("parameter overrides are cleared by an empty set", async () => {
  const path = await databasePath({ parameterOverrides: { work_mem: "8MB" } });

  const read = await cloud.render("GET", path);
  const cleared = await cloud.render("PATCH", path, { parameterOverrides: {} });

  expect(read.body).toMatchObject({ parameterOverrides: { work_mem: "8MB" } });
  expect(cleared.body).not.toHaveProperty("parameterOverrides");
});

test.each([
  ["a plan of old", { plan: "starter" }, /^Legacy Postgres plans, including 'starter'/],
  ["an unknown version", { version: "9" }, /version: /],
  ["high availability on a small plan", { enableHighAvailability: true }, /pro or accelerated/],
  ["six replicas", { readReplicas: [..."abcdef"].map((name) => ({ name })) }, /at most 5/],
  ["an environment that is not there", { environmentId: "evm-none" }, /environment not found/],
])("refused: %s", async (_name, more, message) => {
  const answer = await newDatabase(more);

  expect([answer.status, answer.text("message")]).toEqual([400, expect.stringMatching(message)]);
  expect((await cloud.render("GET", "/postgres")).body).toEqual([]);
});

test("a database is suspended, resumed and deleted", async () => {
  const path = await databasePath();

  const statuses = [
    (await cloud.render("POST", `${path}/resume`)).status,
    (await cloud.render("POST", `${path}/suspend`)).status,
    (await cloud.render("POST", `${path}/restart`)).status,
  ];
  const suspended = await cloud.render("GET", path);
  const listed = await cloud.render("GET", "/postgres?suspended=suspended");
  await cloud.render("POST", `${path}/resume`);

  expect(statuses).toEqual([400, 202, 202]);
  expect(suspended.body).toMatchObject({ status: "suspended", suspenders: ["user"] });
  expect(listed.column("postgres.name")).toEqual(["main"]);
  expect((await cloud.render("GET", path)).body).toMatchObject({ suspended: "not_suspended" });
  expect((await cloud.render("DELETE", path)).status).toBe(204);
  expect((await cloud.render("GET", path)).status).toBe(404);
});
