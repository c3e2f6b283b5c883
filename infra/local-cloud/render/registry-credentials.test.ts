import { expect, test } from "vitest";

import { useCloud, webService } from "../test-cloud.ts";

const cloud = useCloud();

const CREDENTIAL = {
  name: "ghcr",
  registry: "GITHUB",
  username: "acme",
  authToken: "canary-9d1e",
  ownerId: "tea-local000000000000000",
};

function image(registryCredentialId: string) {
  return { imagePath: "ghcr.io/acme/web", registryCredentialId };
}

test("a credential is answered with 200 and never with its token", async () => {
  const created = await cloud.render("POST", "/registrycredentials", CREDENTIAL);
  const path = `/registrycredentials/${created.text("id")}`;
  const list = await cloud.render("GET", "/registrycredentials?type=GITHUB");

  expect(created.status).toBe(200);
  expect(created.body).toEqual({
    id: expect.stringMatching(/^rgc-/),
    name: "ghcr",
    registry: "GITHUB",
    username: "acme",
    updatedAt: expect.any(String),
  });
  expect(list.body).toEqual([created.body]);
  expect((await cloud.render("GET", path)).body).toEqual(created.body);
  expect((await cloud.render("DELETE", path)).status).toBe(204);
  expect((await cloud.render("GET", path)).status).toBe(404);
});

test("a change needs all four fields", async () => {
  const created = await cloud.render("POST", "/registrycredentials", CREDENTIAL);
  const path = `/registrycredentials/${created.text("id")}`;
  const { ownerId: _ownerId, ...all } = { ...CREDENTIAL, username: "other" };

  expect((await cloud.render("PATCH", path, { username: "other" })).status).toBe(400);
  expect((await cloud.render("PATCH", path, all)).body).toMatchObject({ username: "other" });
});

test("a service shows the credential of its image, and cannot name one that is not there", async () => {
  const registryCredentialId = (
    await cloud.render("POST", "/registrycredentials", CREDENTIAL)
  ).text("id");
  const { repo: _repo, ...body } = webService("web", { runtime: "image" });

  const created = await cloud.render("POST", "/services", {
    ...body,
    image: image(registryCredentialId),
  });
  const refused = await cloud.render("POST", "/services", {
    ...body,
    name: "other",
    image: image("rgc-none"),
  });

  expect(created.body).toMatchObject({
    service: { registryCredential: { id: registryCredentialId, name: "ghcr" } },
  });
  expect(refused.status).toBe(400);
});
