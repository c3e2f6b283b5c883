import { expect, test } from "vitest";

import { useCloud, webService } from "../test-cloud.ts";

const cloud = useCloud();

const OWNER = "tea-local000000000000000";

async function newProject() {
  const environments = [{ name: "production", protectedStatus: "protected" }];
  return cloud.render("POST", "/projects", { name: "shop", ownerId: OWNER, environments });
}

async function newEnvironment(projectId: string, name = "staging") {
  return cloud.render("POST", "/environments", { projectId, name });
}

async function newService(more: Record<string, unknown> = {}): Promise<string> {
  return (await cloud.render("POST", "/services", { ...webService(), ...more })).text("service.id");
}

test("a project is made with its environments, whose empty members are null", async () => {
  const project = await newProject();
  const environments = await cloud.render("GET", `/environments?projectId=${project.text("id")}`);

  expect(project.status).toBe(201);
  expect(project.body).toMatchObject({ id: expect.stringMatching(/^prj-/), owner: { id: OWNER } });
  expect(environments.column("environment")).toEqual([
    {
      id: project.text("environmentIds.0"),
      projectId: project.text("id"),
      name: "production",
      protectedStatus: "protected",
      ipAllowList: [{ cidrBlock: "0.0.0.0/0", description: "everywhere" }],
      databasesIds: null,
      redisIds: null,
      serviceIds: null,
      envGroupIds: null,
    },
  ]);
});

test("members are added with 201, moved, and taken out with 204 whatever the path names", async () => {
  const projectId = (await newProject()).text("id");
  const first = (await newEnvironment(projectId, "one")).text("id");
  const second = (await newEnvironment(projectId, "two")).text("id");
  const serviceId = await newService();
  const add = (id: string) =>
    cloud.render("POST", `/environments/${id}/resources`, { resourceIds: [serviceId] });

  const added = await add(first);
  const moved = await add(second);
  const wrong = await cloud.render(
    "DELETE",
    `/environments/${serviceId}/resources?resourceIds=${serviceId}`,
  );
  const still = await cloud.render("GET", `/services/${serviceId}`);
  await cloud.render("DELETE", `/environments/${second}/resources?resourceIds=${serviceId}`);

  expect([added.status, added.body]).toEqual([
    201,
    expect.objectContaining({ serviceIds: [serviceId] }),
  ]);
  expect(moved.body).toMatchObject({ serviceIds: [serviceId] });
  expect((await cloud.render("GET", `/environments/${first}`)).body).toMatchObject({
    serviceIds: null,
  });
  expect(wrong.status).toBe(204);
  expect(still.body).toMatchObject({ environmentId: second });
  expect((await cloud.render("GET", `/services/${serviceId}`)).body).not.toHaveProperty(
    "environmentId",
  );
});

test("a service is born into an environment, and listed by it", async () => {
  const environmentId = (await newProject()).text("environmentIds.0");

  const serviceId = await newService({ environmentId });
  const listed = await cloud.render("GET", `/services?environmentId=${environmentId}`);

  expect(listed.column("service.id")).toEqual([serviceId]);
  expect(
    (
      await cloud.render("POST", "/services", {
        ...webService("b"),
        environmentId: "evm-none",
      })
    ).status,
  ).toBe(400);
});

test("a service leaves the environment of a linked group only after it is unlinked", async () => {
  const project = await newProject();
  const inside = project.text("environmentIds.0");
  const outside = (await newEnvironment(project.text("id"))).text("id");
  const serviceId = await newService({ environmentId: inside });
  const group = { name: "shared", ownerId: OWNER, envVars: [], environmentId: inside };
  const groupId = (await cloud.render("POST", "/env-groups", group)).text("id");
  const link = `/env-groups/${groupId}/services/${serviceId}`;
  const move = (...resourceIds: string[]) =>
    cloud.render("POST", `/environments/${outside}/resources`, { resourceIds });
  const leave = `/environments/${inside}/resources?resourceIds=${serviceId}`;
  expect((await cloud.render("POST", link)).status).toBe(200);

  const alone = await move(serviceId);
  const left = await cloud.render("DELETE", leave);
  const groupAlone = await move(groupId);
  const together = await move(serviceId, groupId);
  await cloud.render("DELETE", link);
  const unlinked = await cloud.render("DELETE", leave.replace(inside, outside));
  const linkedOutside = await cloud.render("POST", link);

  expect([alone.status, left.status, groupAlone.status]).toEqual([400, 400, 400]);
  expect(alone.text("message")).toContain(`${groupId} is scoped to environment ${inside}`);
  expect([together.status, unlinked.status, linkedOutside.status]).toEqual([201, 204, 400]);
  expect(
    (await cloud.render("POST", "/env-groups", { ...group, serviceIds: [serviceId] })).status,
  ).toBe(400);
});

test("a database takes its replicas along", async () => {
  const environmentId = (await newProject()).text("environmentIds.0");
  const database = await cloud.render("POST", "/postgres", {
    name: "main",
    ownerId: OWNER,
    plan: "basic_1gb",
    version: "17",
    environmentId,
    readReplicas: [{ name: "reader" }],
  });

  const environment = await cloud.render("GET", `/environments/${environmentId}`);

  const id = database.text("id");
  expect(environment.body).toMatchObject({ databasesIds: [id.replace(/a$/, "b"), id] });
});

test("an environment and its project are deleted only when nothing lives there", async () => {
  const project = await newProject();
  const environmentId = project.text("environmentIds.0");
  const serviceId = await newService({ environmentId });
  const projectPath = `/projects/${project.text("id")}`;

  const refused = [
    await cloud.render("DELETE", `/environments/${environmentId}`),
    await cloud.render("DELETE", projectPath),
  ];
  await cloud.render("DELETE", `/services/${serviceId}`);
  const deleted = await cloud.render("DELETE", projectPath);

  expect(refused.map(({ status }) => status)).toEqual([409, 409]);
  expect(deleted.status).toBe(204);
  expect((await cloud.render("GET", `/environments/${environmentId}`)).status).toBe(404);
});

test("project and environment are changed by name and rule", async () => {
  const project = await newProject();
  const environmentId = project.text("environmentIds.0");

  const renamed = await cloud.render("PATCH", `/projects/${project.text("id")}`, { name: "store" });
  const changed = await cloud.render("PATCH", `/environments/${environmentId}`, {
    networkIsolationEnabled: true,
  });

  expect(renamed.body).toMatchObject({ name: "store" });
  expect(changed.body).toMatchObject({ name: "production", networkIsolationEnabled: true });
  expect((await cloud.render("GET", "/projects?name=store")).column("project.name")).toEqual([
    "store",
  ]);
});
