import { beforeEach, expect, test } from "vitest";

import { useCloud, webService } from "../test-cloud.ts";

const cloud = useCloud();
let path = "";

const HEADER = { path: "/*", name: "Cache-Control", value: "no-store" };
const ROUTE = { type: "rewrite", source: "/*", destination: "/index.html" };

beforeEach(async () => {
  const created = await cloud.render("POST", "/services", {
    type: "static_site",
    name: "docs",
    ownerId: "tea-local000000000000000",
    repo: "https://example.com/acme/docs",
    serviceDetails: { headers: [HEADER], routes: [ROUTE] },
  });
  path = `/services/${created.text("service.id")}`;
});

test("headers and routes may come with the site", async () => {
  const headers = await cloud.render("GET", `${path}/headers`);
  const routes = await cloud.render("GET", `${path}/routes`);

  expect(headers.column("header")).toEqual([{ id: expect.stringMatching(/^hdr-/), ...HEADER }]);
  expect(routes.column("route")).toEqual([
    { id: expect.stringMatching(/^rdr-/), ...ROUTE, priority: 0 },
  ]);
});

test("a PUT replaces headers, lists are the reverse, and none at all is answered null", async () => {
  const second = { ...HEADER, path: "/b" };

  const put = await cloud.render("PUT", `${path}/headers`, [HEADER, second]);
  const list = await cloud.render("GET", `${path}/headers`);
  const none = await cloud.render("PUT", `${path}/headers`, []);

  expect(put.column("path")).toEqual(["/*", "/b"]);
  expect(list.column("header.path")).toEqual(["/b", "/*"]);
  expect(none.body).toBeNull();
  expect((await cloud.render("GET", `${path}/headers`)).body).toEqual([]);
});

test("a header is added and deleted", async () => {
  const added = await cloud.render("POST", `${path}/headers`, { ...HEADER, path: "/x" });
  const id = added.text("headers.id");

  expect(added.status).toBe(201);
  expect((await cloud.render("DELETE", `${path}/headers/${id}`)).status).toBe(204);
  expect((await cloud.render("DELETE", `${path}/headers/${id}`)).status).toBe(404);
});

test("routes keep their order, and one moves by its priority", async () => {
  const sources = ["/a", "/b", "/c"];
  const put = await cloud.render(
    "PUT",
    `${path}/routes`,
    sources.map((source) => ({ ...ROUTE, source })),
  );
  const last = String(put.column("id").at(-1));

  const moved = await cloud.render("PATCH", `${path}/routes/${last}`, { priority: 0 });
  const list = await cloud.render("GET", `${path}/routes`);

  expect(put.column("source")).toEqual(sources);
  expect(moved.body).toMatchObject({ id: last, priority: 0 });
  expect(list.column("route.source")).toEqual(["/c", "/a", "/b"]);
  expect(list.column("route.priority")).toEqual([0, 1, 2]);
});

test("a route is added at the end and deleted; none at all is answered null", async () => {
  const added = await cloud.render("POST", `${path}/routes`, { ...ROUTE, source: "/new" });
  const deleted = await cloud.render("DELETE", `${path}/routes/${added.text("id")}`);

  expect([added.status, deleted.status]).toEqual([201, 204]);
  expect(added.body).toMatchObject({ priority: 1 });
  expect((await cloud.render("PUT", `${path}/routes`, [])).body).toBeNull();
});

test("a web service has neither", async () => {
  const id = (await cloud.render("POST", "/services", webService())).text("service.id");

  expect((await cloud.render("GET", `/services/${id}/headers`)).status).toBe(400);
  expect((await cloud.render("PUT", `/services/${id}/routes`, [])).status).toBe(400);
});
