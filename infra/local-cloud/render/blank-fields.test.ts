import { expect, test } from "vitest";

import { useCloud } from "../test-cloud.ts";

const cloud = useCloud();

const OWNER = "tea-local000000000000000";

const WEB = {
  type: "web_service",
  name: "web",
  ownerId: OWNER,
  repo: "https://github.com/example/app",
  serviceDetails: {
    runtime: "node",
    plan: "starter",
    envSpecificDetails: { buildCommand: "npm ci", startCommand: "npm start" },
  },
};

test("a field that is null or empty is not given, at any depth", async () => {
  const service = await cloud.render("POST", "/services", {
    ...WEB,
    envVars: null,
    secretFiles: null,
    environmentId: "",
    buildFilter: null,
    serviceDetails: {
      ...WEB.serviceDetails,
      disk: null,
      region: "",
      numInstances: null,
      autoscaling: null,
      previews: { generation: "" },
    },
  });
  const database = await cloud.render("POST", "/postgres", {
    name: "test-db",
    ownerId: OWNER,
    plan: "basic_256mb",
    version: "17",
    databaseName: "",
    databaseUser: "",
    diskSizeGB: null,
    ipAllowList: null,
    environmentId: "",
  });
  const group = await cloud.render("POST", "/env-groups", { name: "shared", ownerId: OWNER });

  expect([service.status, database.status, group.status]).toEqual([201, 201, 201]);
  expect(service.body).toMatchObject({
    service: { serviceDetails: { region: "oregon", previews: { generation: "off" } } },
  });
  expect(service.body).not.toHaveProperty("service.serviceDetails.disk");
  expect(database.text("databaseName")).toMatch(/^test_db_[0-9a-v]{4}$/);
  expect(database.text("databaseUser")).toBe(`${database.text("databaseName")}_user`);
});

test("a required field that is null or empty is missing", async () => {
  const answer = await cloud.render("POST", "/services", { ...WEB, name: null, ownerId: "" });

  expect(answer.status).toBe(400);
  expect(answer.text("message")).toContain("name");
});

test("readReplicas: null deletes all replicas", async () => {
  const database = await cloud.render("POST", "/postgres", {
    name: "main",
    ownerId: OWNER,
    plan: "basic_1gb",
    version: "17",
    readReplicas: [{ name: "reader" }],
  });
  const path = `/postgres/${database.text("id")}`;

  expect((await cloud.render("PATCH", path, { name: "other" })).body).toMatchObject({
    readReplicas: [{ name: "reader" }],
  });
  expect((await cloud.render("PATCH", path, { readReplicas: null })).body).toMatchObject({
    readReplicas: [],
  });
});

test.each(["env-vars", "secret-files"])("the body null empties %s", async (list) => {
  const service = await cloud.render("POST", "/services", {
    ...WEB,
    envVars: [{ key: "A", value: "1" }],
    secretFiles: [{ name: "a", content: "1" }],
  });
  const path = `/services/${service.text("service.id")}/${list}`;

  const emptied = await cloud.render("PUT", path, null);

  expect([emptied.status, emptied.body]).toEqual([200, []]);
  expect((await cloud.render("GET", path)).body).toEqual([]);
});

test.each(["headers", "routes"])("the body null empties %s", async (list) => {
  const site = await cloud.render("POST", "/services", {
    type: "static_site",
    name: "site",
    ownerId: OWNER,
    repo: "https://github.com/example/site",
    serviceDetails: {
      headers: [{ path: "/*", name: "x-a", value: "1" }],
      routes: [{ type: "rewrite", source: "/*", destination: "/index.html" }],
    },
  });
  const path = `/services/${site.text("service.id")}/${list}`;

  const emptied = await cloud.render("PUT", path, null);

  expect([emptied.status, emptied.body]).toEqual([200, []]);
  expect((await cloud.render("GET", path)).body).toEqual([]);
});

test.each([
  ["a plan", { serviceDetails: { ...WEB.serviceDetails, plan: "no such plan!" } }],
  ["a repository", { repo: "nonsense" }],
  ["a name", { name: "a\u0000b" }],
  ["an instance count", { serviceDetails: { ...WEB.serviceDetails, numInstances: 101 } }],
])("%s that is nonsense is refused", async (_, change) => {
  const answer = await cloud.render("POST", "/services", { ...WEB, ...change });

  expect(answer.status).toBe(400);
  expect(answer.text("message")).toContain("invalid");
});
