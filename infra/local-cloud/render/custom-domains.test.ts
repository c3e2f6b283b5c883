import { beforeEach, expect, test } from "vitest";

import { cronJob, useCloud, webService } from "../test-cloud.ts";

const cloud = useCloud();
let path = "";

beforeEach(async () => {
  const created = await cloud.render("POST", "/services", webService());
  path = `/services/${created.text("service.id")}/custom-domains`;
});

function add(name: string, at = path) {
  return cloud.render("POST", at, { name });
}

test("a plain subdomain comes alone, in an array", async () => {
  const added = await add("app.example.com");

  expect(added.status).toBe(201);
  expect(added.body).toEqual([
    {
      id: expect.stringMatching(/^cdm-/),
      name: "app.example.com",
      domainType: "subdomain",
      publicSuffix: "com",
      redirectForName: "",
      verificationStatus: "unverified",
      createdAt: expect.stringMatching(/\.\d{9}Z$/),
    },
  ]);
});

test.each([
  ["example.com", "www.example.com"],
  ["www.example.com", "example.com"],
  ["example.com.mx", "www.example.com.mx"],
])("%s brings %s along, which leads to it", async (name, sibling) => {
  const added = await add(name);

  expect(added.column("name")).toEqual([name, sibling]);
  expect(added.column("redirectForName")).toEqual(["", name]);
});

test("a domain is found by id and by name, filtered, and verified when asked", async () => {
  const added = await add("example.com");
  const [id] = added.column("id");

  const verify = await cloud.render("POST", `${path}/example.com/verify`);

  expect([verify.status, verify.body]).toEqual([202, undefined]);
  expect((await cloud.render("GET", `${path}/${id}`)).body).toMatchObject({
    name: "example.com",
    verificationStatus: "verified",
    createdAt: expect.stringMatching(/\.\d{6}Z$/),
  });
  expect(
    (await cloud.render("GET", `${path}?verificationStatus=unverified`)).column(
      "customDomain.name",
    ),
  ).toEqual(["www.example.com"]);
});

test("a domain that is deleted takes its redirect along", async () => {
  await add("example.com");

  expect((await cloud.render("DELETE", `${path}/example.com`)).status).toBe(204);
  expect((await cloud.render("GET", path)).body).toEqual([]);
});

test("a domain is taken once, also by another service", async () => {
  const other = (await cloud.render("POST", "/services", webService("other"))).text("service.id");
  await add("app.example.com");

  const again = await add("app.example.com", `/services/${other}/custom-domains`);

  expect(again.status).toBe(409);
});

test("what is no domain name, and what cannot have one, is refused", async () => {
  const cron = (await cloud.render("POST", "/services", cronJob())).text("service.id");

  expect((await add("https://example.com")).status).toBe(400);
  expect((await add("localhost")).status).toBe(400);
  expect((await add("a.example.com", `/services/${cron}/custom-domains`)).status).toBe(400);
});
