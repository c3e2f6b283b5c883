import { expect, test } from "vitest";
import { modelOf } from "../../testing/spec-text.ts";
import { ensureTransition } from "./transition.ts";

const model = (text: { sizeGb?: number; database?: string; keyValue?: string }) =>
  modelOf(`
services:
  web: { type: web, source: { image: nginx }, plan: starter, disk: { mount: /data, sizeGb: ${text.sizeGb ?? 5} } }
databases:
  main: { plan: basic_1gb, ${text.database ?? "version: 16, diskGb: 15, database: app"} }
keyValues:
  q: { plan: starter, ${text.keyValue ?? "region: oregon"} }
`);

const textsOf = (after: Parameters<typeof model>[0]) =>
  ensureTransition(model({}), model(after)).map((it) => `${it.path}: ${it.message} ${it.remedy}`);

test("a shrunk disk is refused, of a service and of a database", () => {
  expect(textsOf({ sizeGb: 1, database: "version: 16, diskGb: 10, database: app" })).toEqual([
    "services/web/disk/sizeGb: a disk cannot shrink, got 1 where 5 is deployed. Use 5 or more.",
    "databases/main/diskGb: a disk cannot shrink, got 10 where 15 is deployed. Use 15 or more.",
  ]);
});

test("a changed immutable of a database is refused without consent", () => {
  const consent = "Put it back, or consent with allowDataLoss: true after a backup.";

  expect(textsOf({ database: "version: 17, diskGb: 15, database: other" })).toEqual([
    `databases/main/version: changes from 16 to 17, which replaces it and deletes its data. ${consent}`,
    `databases/main/database: changes from app to other, which replaces it and deletes its data. ${consent}`,
  ]);
  expect(textsOf({ keyValue: "region: ohio" })).toEqual([
    `keyValues/q/region: changes from oregon to ohio, which replaces it and deletes its data. ${consent}`,
  ]);
});

test("consent, growth and nothing changed are accepted", () => {
  expect(textsOf({})).toEqual([]);
  expect(textsOf({ sizeGb: 6 })).toEqual([]);
  expect(
    textsOf({ database: "version: 17, diskGb: 15, database: app, allowDataLoss: true" }),
  ).toEqual([]);
});
