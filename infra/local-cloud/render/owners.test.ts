import { expect, test } from "vitest";

import { useCloud } from "../test-cloud.ts";

const cloud = useCloud();

test("one workspace is listed, and every owner's id is known", async () => {
  const owners = await cloud.render("GET", "/owners");
  const other = await cloud.render("GET", "/owners/tea-d0000000000000000000");

  expect(owners.column("owner.id")).toEqual(["tea-local000000000000000"]);
  expect(other.body).toMatchObject({ id: "tea-d0000000000000000000", type: "team" });
  expect((await cloud.render("GET", "/owners/srv-1")).status).toBe(404);
  expect((await cloud.render("GET", "/owners?name=nobody")).body).toEqual([]);
});

test("somebody is asking", async () => {
  expect((await cloud.render("GET", "/users")).body).toEqual({
    name: "You",
    email: "you@local.test",
  });
});
