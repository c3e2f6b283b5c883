import { expect, test } from "vitest";

import { cronJob, useCloud, webService } from "../test-cloud.ts";

const cloud = useCloud();

async function serviceId(body: unknown = webService()): Promise<string> {
  return (await cloud.render("POST", "/services", body)).text("service.id");
}

function addDisk(id: string, disk: Record<string, unknown> = {}) {
  const body = { name: "data", mountPath: "/var/data", serviceId: id, ...disk };
  return cloud.render("POST", "/disks", body);
}

async function live(): Promise<void> {
  await cloud.local("POST", "/clock", { advanceSeconds: 10 });
}

test("a disk comes with the service or later, and is shown in both places", async () => {
  const id = await serviceId();

  const disk = await addDisk(id, { sizeGB: 5 });

  expect(disk.status).toBe(201);
  expect(disk.text("id")).toMatch(/^dsk-/);
  expect((await cloud.render("GET", `/services/${id}`)).body).toHaveProperty(
    "serviceDetails.disk",
    { id: disk.text("id"), name: "data", mountPath: "/var/data", sizeGB: 5 },
  );
  expect((await cloud.render("GET", `/disks?serviceId=${id}`)).column("disk")).toEqual([disk.body]);
  expect((await cloud.render("GET", "/disks?name=other")).body).toEqual([]);
});

test("a disk has 1 GB unless it is said otherwise, and a service has one disk", async () => {
  const id = await serviceId();

  expect((await addDisk(id)).body).toMatchObject({ sizeGB: 1 });
  expect((await addDisk(id)).status).toBe(409);
});

test("a disk grows and never shrinks", async () => {
  const path = `/disks/${(await addDisk(await serviceId(), { sizeGB: 5 })).text("id")}`;
  await live();

  const grown = await cloud.render("PATCH", path, { sizeGB: 10 });
  const shrunk = await cloud.render("PATCH", path, { sizeGB: 9 });

  expect(grown.body).toMatchObject({ sizeGB: 10, name: "data" });
  expect(shrunk.body).toEqual({ message: "disk size cannot shrink from 10 to 9 GB" });
});

test("a disk is changed during the first deploy and while its service is live", async () => {
  const service = await serviceId();
  const path = `/disks/${(await addDisk(service)).text("id")}`;

  expect((await cloud.render("PATCH", path, { name: "x" })).status).toBe(200);
  await cloud.render("POST", `/services/${service}/suspend`);
  expect((await cloud.render("PATCH", path, { name: "x" })).status).toBe(400);
  await cloud.render("POST", `/services/${service}/resume`);
  await live();
  expect((await cloud.render("PATCH", path, { name: "x" })).status).toBe(200);
});

test.each(["/", "/opt", "/opt/render/project/src/", "/home", "/etc", "/etc/secrets"])(
  "a disk cannot be mounted at %s",
  async (mountPath) => {
    const answer = await addDisk(await serviceId(), { mountPath });

    expect(answer.body).toEqual({ message: `disk cannot be mounted at ${mountPath}` });
  },
);

test("a disk is for one instance of a paid service that keeps running; all that is wrong is said", async () => {
  const disk = { name: "data", mountPath: "/etc" };
  const onFree = await addDisk(await serviceId(webService("free", { plan: "free" })));
  const onCron = await addDisk(await serviceId(cronJob()));
  const onTwo = await cloud.render(
    "POST",
    "/services",
    webService("two", { numInstances: 2, disk }),
  );

  expect(onFree.body).toEqual({ message: "plan free cannot have a disk" });
  expect(onCron.body).toEqual({ message: "a service of type cron_job cannot have a disk" });
  expect(onTwo.body).toEqual({
    message: "a service with a disk has one instance; disk cannot be mounted at /etc",
  });
  expect((await cloud.render("GET", "/services?name=two")).body).toEqual([]);
});

test("with a disk a service neither scales nor moves to the free plan", async () => {
  const id = await serviceId(webService("web", { disk: { name: "d", mountPath: "/data" } }));
  const target = { enabled: true, percentage: 60 };
  const autoscaling = { enabled: true, min: 1, max: 3, criteria: { cpu: target, memory: target } };

  const answers = [
    await cloud.render("POST", `/services/${id}/scale`, { numInstances: 2 }),
    await cloud.render("PUT", `/services/${id}/autoscaling`, autoscaling),
    await cloud.render("PATCH", `/services/${id}`, { serviceDetails: { plan: "free" } }),
  ];

  expect(answers.map(({ status }) => status)).toEqual([400, 400, 400]);
});

test("a deleted disk is gone from its service", async () => {
  const id = await serviceId();
  const path = `/disks/${(await addDisk(id)).text("id")}`;

  expect((await cloud.render("DELETE", path)).status).toBe(204);
  expect((await cloud.render("GET", path)).status).toBe(404);
  expect((await cloud.render("GET", `/services/${id}`)).body).not.toHaveProperty(
    "serviceDetails.disk",
  );
});
