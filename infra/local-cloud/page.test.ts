import { expect, test } from "vitest";

import { cronJob, useCloud, webService } from "./test-cloud.ts";

const cloud = useCloud();

async function pageText(): Promise<string> {
  return (await fetch(cloud.urls.page)).text();
}

test("the page shows services, crons with their next run, and recent calls", async () => {
  const disk = { name: "data", mountPath: "/var/data", sizeGB: 5 };
  await cloud.render("POST", "/services", webService("cockpit", { disk }));
  await cloud.render("POST", "/services", cronJob("digest"));

  const page = await pageText();

  expect(page).toContain("<td>cockpit</td>");
  expect(page).toContain("5 GB at /var/data");
  expect(page).toContain("<td>0 3 * * *</td>");
  expect(page).toMatch(/<td>\d{4}-\d\d-\d\d 03:00<\/td>/);
  expect(page).toContain("<td>/v1/services</td>");
  expect(page).toMatch(/http-equiv="refresh"/);
});

test("a name cannot bring markup into the page", async () => {
  await cloud.render("POST", "/services", webService("<script>alert(1)</script>"));
  await cloud.render("GET", "/services/<img src=x>");

  const page = await pageText();

  expect(page).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
  expect(page).not.toContain("<script");
  expect(page).not.toContain("<img");
});

test("no secret value is ever on the page", async () => {
  const canary = "canary-77aa";
  await cloud.render("POST", "/services", {
    ...webService(),
    envVars: [{ key: "TOKEN", value: canary }],
    secretFiles: [{ name: "key.pem", content: canary }],
  });

  expect(await pageText()).not.toContain(canary);
});

test("databases, groups and domains are shown, with counts instead of values", async () => {
  const ownerId = "tea-local000000000000000";
  const envVars = [{ key: "TOKEN", value: "canary-31bc" }];
  const created = await cloud.render("POST", "/services", webService());
  const domains = `/services/${created.text("service.id")}/custom-domains`;
  await cloud.render("POST", domains, { name: "example.com" });
  await cloud.render("POST", "/env-groups", { name: "shared", ownerId, envVars });
  const database = { name: "main", ownerId, plan: "basic_1gb", version: "17" };
  await cloud.render("POST", "/postgres", database);

  const page = await pageText();

  expect(page).toContain("variables: 1, files: 0, services: 0");
  expect(page).toContain("redirects to example.com");
  expect(page).toContain("Postgres");
  expect(page).not.toContain("canary-31bc");
});
