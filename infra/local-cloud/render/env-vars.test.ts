import { beforeEach, expect, test } from "vitest";

import { useCloud, webService } from "../test-cloud.ts";

const cloud = useCloud();
let path = "";

beforeEach(async () => {
  const created = await cloud.render("POST", "/services", {
    ...webService(),
    envVars: [{ key: "FIRST", value: "1" }],
  });
  path = `/services/${created.text("service.id")}/env-vars`;
});

test("a PUT replaces all, answers in its own order, and lists are the reverse", async () => {
  const put = await cloud.render("PUT", path, [
    { key: "A", value: "1" },
    { key: "B", value: "" },
  ]);

  expect(put.column("envVar")).toEqual([
    { key: "A", value: "1" },
    { key: "B", value: "" },
  ]);
  expect((await cloud.render("GET", path)).column("envVar.key")).toEqual(["B", "A"]);
});

test("null clears, and answers an empty list", async () => {
  expect((await cloud.render("PUT", path, null)).body).toEqual([]);
  expect((await cloud.render("GET", path)).body).toEqual([]);
});

test("a generated value is 44 characters of base64 and stable on read", async () => {
  const put = await cloud.render("PUT", `${path}/TOKEN`, { generateValue: true });

  expect(put.text("value")).toMatch(/^[A-Za-z0-9+/]{43}=$/);
  expect((await cloud.render("GET", `${path}/TOKEN`)).body).toEqual(put.body);
});

test("one variable is added, changed in its place and deleted", async () => {
  await cloud.render("PUT", `${path}/SECOND`, { value: "2" });
  const changed = await cloud.render("PUT", `${path}/FIRST`, { value: "one" });
  const all = await cloud.render("GET", path);
  const deleted = await cloud.render("DELETE", `${path}/FIRST`);

  expect(changed.body).toEqual({ key: "FIRST", value: "one" });
  expect(all.column("envVar")).toEqual([
    { key: "SECOND", value: "2" },
    { key: "FIRST", value: "one" },
  ]);
  expect([deleted.status, deleted.body]).toEqual([204, undefined]);
  expect((await cloud.render("DELETE", `${path}/FIRST`)).body).toEqual({
    message: "not found: FIRST",
  });
});

test("a list goes on after a variable that was deleted between two pages", async () => {
  await cloud.render(
    "PUT",
    path,
    ["A", "B", "C", "D"].map((key) => ({ key, value: key })),
  );
  const page = await cloud.render("GET", `${path}?limit=2`);
  const cursor = encodeURIComponent(String(page.column("cursor").at(-1)));

  await cloud.render("DELETE", `${path}/C`);
  const rest = await cloud.render("GET", `${path}?cursor=${cursor}`);

  expect(page.column("envVar.key")).toEqual(["D", "C"]);
  expect(rest.column("envVar.key")).toEqual(["B", "A"]);
});

test.each([
  ["a key that begins with a digit", [{ key: "1A", value: "x" }]],
  ["neither value nor generateValue", [{ key: "A" }]],
  [
    "two of one name",
    [
      { key: "A", value: "1" },
      { key: "A", value: "2" },
    ],
  ],
  ["an object", { A: "1" }],
])("refused: %s", async (_name, body) => {
  expect((await cloud.render("PUT", path, body)).status).toBe(400);
  expect((await cloud.render("GET", path)).column("envVar.key")).toEqual(["FIRST"]);
});

test.each([0, 101, "x"])("a limit of %s is refused", async (limit) => {
  expect((await cloud.render("GET", `${path}?limit=${limit}`)).status).toBe(400);
});

test("a cursor that the cloud did not give is refused", async () => {
  expect((await cloud.render("GET", `${path}?cursor=eA==`)).body).toEqual({
    message: "invalid cursor",
  });
});
