import { expect, test } from "vitest";

import { useCloud } from "../test-cloud.ts";

const cloud = useCloud();

function newStore(more: Record<string, unknown> = {}) {
  const body = { name: "cache", ownerId: "tea-local000000000000000", plan: "starter", ...more };
  return cloud.render("POST", "/key-value", body);
}

test("a store is unknown, then creating, then available, and an empty allow-list reads back as null", async () => {
  const created = await newStore({ ipAllowList: [], maxmemoryPolicy: "noeviction" });
  const path = `/key-value/${created.text("id")}`;
  const early = await cloud.render("GET", path);
  await cloud.local("POST", "/clock", { advanceSeconds: 1 });
  const read = await cloud.render("GET", path);

  expect(created.status).toBe(201);
  expect(created.text("id")).toMatch(/^red-/);
  expect([created, early].map((it) => it.text("status"))).toEqual(["unknown", "creating"]);
  expect(read.body).toMatchObject({
    status: "available",
    ipAllowList: null,
    options: { maxmemoryPolicy: "noeviction", persistenceMode: "journal_snapshot" },
  });
  expect((await cloud.render("GET", "/key-value?name=cache")).column("keyValue.id")).toEqual([
    created.text("id"),
  ]);
});

test("the free plan does not persist, and leaving it turns persistence on", async () => {
  const created = await newStore({ plan: "free", persistenceMode: "snapshot" });

  const paid = await cloud.render("PATCH", `/key-value/${created.text("id")}`, { plan: "starter" });

  expect(created.body).toMatchObject({ options: { persistenceMode: "off" } });
  expect(paid.body).toMatchObject({
    status: "creating",
    options: { persistenceMode: "journal_snapshot" },
  });
});

test("how to connect is told: plain inside, with a password outside", async () => {
  const id = (await newStore({ region: "frankfurt" })).text("id");

  const info = await cloud.render("GET", `/key-value/${id}/connection-info`);

  expect(info.text("internalConnectionString")).toBe(`redis://${id}:6379`);
  expect(info.text("externalConnectionString")).toMatch(
    new RegExp(`^rediss://${id}:[0-9a-z]{32}@frankfurt-keyvalue\\.render\\.com:6379$`),
  );
});

test("a store is renamed at once, suspended, resumed and deleted", async () => {
  const path = `/key-value/${(await newStore()).text("id")}`;
  await cloud.local("POST", "/clock", { advanceSeconds: 1 });

  const renamed = await cloud.render("PATCH", path, { name: "queue" });
  await cloud.render("POST", `${path}/suspend`);
  const suspended = await cloud.render("GET", path);
  const resumed = await cloud.render("POST", `${path}/resume`);

  expect(renamed.body).toMatchObject({ name: "queue", status: "available" });
  expect(suspended.body).toMatchObject({ status: "suspended" });
  expect(resumed.status).toBe(202);
  expect((await cloud.render("DELETE", path)).status).toBe(204);
  expect((await cloud.render("GET", path)).status).toBe(404);
});
