import { beforeEach, expect, test } from "vitest";

import { useCloud, webService } from "../test-cloud.ts";

const cloud = useCloud();
let path = "";

beforeEach(async () => {
  const created = await cloud.render("POST", "/services", {
    ...webService(),
    secretFiles: [{ name: "key.pem", content: "k" }],
  });
  path = `/services/${created.text("service.id")}/secret-files`;
});

test("a PUT replaces all, answers in its own order, and lists are the reverse", async () => {
  const files = [
    { name: "a", content: "1" },
    { name: "b", content: "2" },
  ];

  const put = await cloud.render("PUT", path, files);

  expect(put.column("secretFile")).toEqual(files);
  expect((await cloud.render("GET", path)).column("secretFile")).toEqual(files.toReversed());
});

test("one file is put with 201, read and deleted", async () => {
  const put = await cloud.render("PUT", `${path}/key.pem`, { content: "new" });
  const read = await cloud.render("GET", `${path}/key.pem`);
  const deleted = await cloud.render("DELETE", `${path}/key.pem`);

  expect([put.status, read.status, deleted.status]).toEqual([201, 200, 204]);
  expect(read.body).toEqual({ name: "key.pem", content: "new" });
  expect((await cloud.render("GET", `${path}/key.pem`)).status).toBe(404);
});

test("two files of one name are refused", async () => {
  const file = { name: "a", content: "" };

  expect((await cloud.render("PUT", path, [file, file])).body).toEqual({
    message: "duplicate names: a",
  });
});
