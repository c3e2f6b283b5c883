import { beforeEach, expect, test } from "vitest";

import { useCloud, webService } from "../test-cloud.ts";

const cloud = useCloud();
let id = "";
let path = "";

beforeEach(async () => {
  id = (await cloud.render("POST", "/services", webService())).text("service.id");
  path = `/notification-settings/overrides/services/${id}`;
});

test("an override always exists, and an empty change is none", async () => {
  const expected = {
    serviceId: id,
    notificationsToSend: "default",
    previewNotificationsEnabled: "default",
  };

  expect((await cloud.render("GET", path)).body).toEqual(expected);
  expect((await cloud.render("PATCH", path, {})).body).toEqual(expected);
});

test.each([
  ["all", "notify"],
  ["failure", "notify"],
  ["none", "ignore"],
  ["default", "default"],
])("with %s the service's notifyOnFail is %s", async (notificationsToSend, notifyOnFail) => {
  await cloud.render("PATCH", path, { notificationsToSend });

  expect((await cloud.render("GET", `/services/${id}`)).body).toMatchObject({ notifyOnFail });
  expect(
    (await cloud.render("GET", "/notification-settings/overrides")).column("override.serviceId"),
  ).toEqual([id]);
});

test("a workspace has settings of its own", async () => {
  const owner = "/notification-settings/owners/tea-local000000000000000";

  const changed = await cloud.render("PATCH", owner, { notificationsToSend: "none" });

  expect(changed.body).toEqual({
    ownerId: "tea-local000000000000000",
    emailEnabled: true,
    slackEnabled: false,
    notificationsToSend: "none",
    previewNotificationsEnabled: false,
  });
  expect((await cloud.render("GET", owner)).body).toEqual(changed.body);
});
