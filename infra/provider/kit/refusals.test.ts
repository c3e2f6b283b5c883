import { expect, test } from "vitest";
import { KeyValue } from "../../resources/render/key-value.ts";
import { Postgres } from "../../resources/render/postgres.ts";
import { WebService } from "../../resources/render/web-service.ts";
import { UNKNOWN } from "./property-tree.ts";
import { refusals } from "./refusals.ts";

const database = {
  name: "main",
  ownerId: "tea-1",
  region: "oregon",
  plan: "pro_4gb",
  version: "16",
};
const web = {
  name: "shop",
  region: "oregon",
  disk: { name: "data", mountPath: "/var/data", sizeGb: 10 },
};

test("a replacement that loses data names the field, the loss and the remedy", () => {
  expect(refusals(Postgres, database, { ...database, version: "17" })).toMatchInlineSnapshot(`
    [
      {
        "property": "version",
        "reason": "changing it replaces the resource (Render's API cannot upgrade a database to another major version), which loses the database and all its data. Restore it, or take a backup and consent with allowDataLoss: true.",
      },
    ]
  `);
});

test("consent in the new inputs lets it happen; in the old ones it does not", () => {
  const news = { ...database, region: "ohio" };

  expect(refusals(Postgres, database, { ...news, allowDataLoss: true })).toEqual([]);
  expect(refusals(Postgres, { ...database, allowDataLoss: true }, news)).toHaveLength(1);
  expect(refusals(KeyValue, database, news)).toHaveLength(1);
});

test("what is not known yet is judged when it is", () => {
  expect(refusals(Postgres, database, { ...database, ownerId: UNKNOWN })).toEqual([]);
});

test("a service without a disk keeps nothing, one with a disk does", () => {
  const { disk: _, ...bare } = web;

  expect(refusals(WebService, bare, { ...bare, region: "ohio" })).toEqual([]);
  expect(refusals(WebService, web, { ...web, region: "ohio" })).toHaveLength(1);
});

test.each([
  ["taken away", { disk: undefined }, "disk: removing it loses what is on the disk."],
  [
    "mounted elsewhere",
    { disk: { ...web.disk, mountPath: "/data" } },
    "disk.mountPath: changing it loses the app's access to the data at the old path.",
  ],
])("a disk that is %s needs consent", (_what, part, text) => {
  const { disk: _disk, ...rest } = web;
  const news = { ...rest, ...("disk" in part && part.disk ? { disk: part.disk } : {}) };

  const [refusal] = refusals(WebService, web, news);

  expect(`${refusal?.property}: ${refusal?.reason}`).toContain(text);
  expect(refusals(WebService, web, { ...news, allowDataLoss: true })).toEqual([]);
});

test("a disk never shrinks, with or without consent", () => {
  const news = { ...web, allowDataLoss: true, disk: { ...web.disk, sizeGb: 5 } };

  expect(refusals(WebService, web, news)).toEqual([
    {
      property: "disk.sizeGb",
      reason: "Render only lets a disk grow, and it has 10, got 5. Set it to 10 or more.",
    },
  ]);
});
