import { expect, test } from "vitest";

import { cronJob, useCloud, webService } from "../test-cloud.ts";

const cloud = useCloud();

function groupBody(more: Record<string, unknown> = {}) {
  return {
    name: "shared",
    ownerId: "tea-local000000000000000",
    envVars: [{ key: "LEVEL", value: "info" }],
    ...more,
  };
}

async function newGroup(more: Record<string, unknown> = {}) {
  return cloud.render("POST", "/env-groups", groupBody(more));
}

async function newService(body: unknown = webService()): Promise<string> {
  return (await cloud.render("POST", "/services", body)).text("service.id");
}

test("a group is read back with its values and links; only the POST answer has nanoseconds", async () => {
  const serviceId = await newService();
  const secretFiles = [{ name: "key.pem", content: "k" }];

  const created = await newGroup({ serviceIds: [serviceId], secretFiles });
  const read = await cloud.render("GET", `/env-groups/${created.text("id")}`);

  expect(created.status).toBe(201);
  expect(created.text("id")).toMatch(/^evg-/);
  expect(created.text("createdAt")).toMatch(/\.\d{9}Z$/);
  expect(read.text("createdAt")).toMatch(/\.\d{6}Z$/);
  expect(read.body).toMatchObject({
    name: "shared",
    envVars: [{ key: "LEVEL", value: "info" }],
    secretFiles,
    serviceLinks: [{ id: serviceId, name: "web", type: "web" }],
  });
});

test("a list is bare, newest first and without values", async () => {
  await newGroup();
  await newGroup({ name: "other" });

  const groups = await cloud.render("GET", "/env-groups");
  const one = await cloud.render("GET", "/env-groups?name=shared&limit=1");

  expect(groups.column("name")).toEqual(["other", "shared"]);
  expect(groups.column("envVars")).toEqual([undefined, undefined]);
  expect(one.column("name")).toEqual(["shared"]);
});

test("an item that changes answers the whole group and does not move updatedAt; a new name does", async () => {
  const path = `/env-groups/${(await newGroup()).text("id")}`;
  const before = await cloud.render("GET", path);

  const changed = await cloud.render("PUT", `${path}/env-vars/LEVEL`, { value: "debug" });
  await cloud.render("PUT", `${path}/secret-files/a.txt`, { content: "a" });
  const items = await cloud.render("GET", path);
  await cloud.local("POST", "/clock", { advanceSeconds: 1 });
  const renamed = await cloud.render("PATCH", path, { name: "new" });

  expect([changed.status, changed.body]).toEqual([
    200,
    expect.objectContaining({ envVars: [{ key: "LEVEL", value: "debug" }] }),
  ]);
  expect(items.text("updatedAt")).toBe(before.text("updatedAt"));
  expect(renamed.text("updatedAt")).not.toBe(before.text("updatedAt"));
});

test("items are read and deleted one by one", async () => {
  const path = `/env-groups/${(await newGroup()).text("id")}`;
  await cloud.render("PUT", `${path}/secret-files/a.txt`, { content: "a" });

  const variable = await cloud.render("GET", `${path}/env-vars/LEVEL`);
  const file = await cloud.render("GET", `${path}/secret-files/a.txt`);
  const deleted = [
    await cloud.render("DELETE", `${path}/env-vars/LEVEL`),
    await cloud.render("DELETE", `${path}/secret-files/a.txt`),
    await cloud.render("DELETE", `${path}/env-vars/LEVEL`),
  ];

  expect([variable.body, file.body]).toEqual([
    { key: "LEVEL", value: "info" },
    { name: "a.txt", content: "a" },
  ]);
  expect(deleted.map(({ status }) => status)).toEqual([204, 204, 404]);
});

test("links are added one by one and leave the others alone", async () => {
  const path = `/env-groups/${(await newGroup()).text("id")}`;
  const web = await newService();
  const cron = await newService(cronJob());

  await cloud.render("POST", `${path}/services/${web}`);
  const both = await cloud.render("POST", `${path}/services/${cron}`);
  const unlinked = await cloud.render("DELETE", `${path}/services/${web}`);

  expect(both.body).toMatchObject({ serviceLinks: [{ type: "web" }, { type: "cron" }] });
  expect(unlinked.status).toBe(204);
  expect((await cloud.render("GET", path)).body).toMatchObject({ serviceLinks: [{ id: cron }] });
});

test("a deleted service is forgotten by its groups, a deleted group is gone", async () => {
  const serviceId = await newService();
  const path = `/env-groups/${(await newGroup({ serviceIds: [serviceId] })).text("id")}`;

  await cloud.render("DELETE", `/services/${serviceId}`);
  const read = await cloud.render("GET", path);

  expect(read.body).toMatchObject({ serviceLinks: [] });
  expect((await cloud.render("DELETE", path)).status).toBe(204);
  expect((await cloud.render("GET", path)).status).toBe(404);
});

test("a link to a service that is not there is refused, and nothing is made", async () => {
  expect((await newGroup({ serviceIds: ["srv-none"] })).status).toBe(404);
  expect((await cloud.render("GET", "/env-groups")).body).toEqual([]);
});
