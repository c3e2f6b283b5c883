import { expect, test } from "vitest";
import { refusals } from "../../testing/spec-text.ts";

test("a cron job cannot reach the disk of a service", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    disk: { mount: /var/data, sizeGb: 5, persist: [logs] }
jobs:
  snapshot-heartbeat: { uses: heartbeat, schedule: { every: 6h }, on: render }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "11:67   jobs/snapshot-heartbeat/on: a Render cron job cannot reach the disk of "web" (/var/data). Use calls: web.",
    ]
  `);
});

test("a cron job that needs a disk is refused when there is none", () => {
  const found = refusals(`
jobs:
  a: { uses: http, schedule: { every: 6h }, on: render, disabledBy: tools/.off }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "3:45   jobs/a/on: a Render cron job has no disk for "tools/.off". Give a service a disk and use calls: with it.",
    ]
  `);
});

test("a path of the disk in what a cron job is given is refused", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    disk: { mount: /var/data, sizeGb: 5 }
jobs:
  a: { uses: http, schedule: { every: 6h }, on: render, env: { DB: /var/data/a.db } }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "11:45   jobs/a/on: a Render cron job cannot reach the disk of "web" (/var/data). Use calls: web.",
    ]
  `);
});

test("a switch outside the persisted paths is refused", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    disk: { mount: /var/data, sizeGb: 5, persist: [logs] }
jobs:
  a: { uses: http, schedule: { every: 6h }, in: web, disabledBy: tools/.off, silencedBy: logs/s.json }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "11:54   jobs/a/disabledBy: "tools/.off" is not on the disk of "web": the next deploy would remove it. Add it, or its directory, to services/web/disk/persist.",
    ]
  `);
});

test("a disk on a cron job is refused by its name", () => {
  const found = refusals(`
jobs:
  a: { uses: http, schedule: { every: 6h }, on: render, disk: { mount: /d, sizeGb: 1 } }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "3:57   jobs/a/disk: is not a key here. A job has no disk. Give it to a service, and use in: or calls: with that service.",
    ]
  `);
});

test("keys that belong elsewhere are refused with the place where they belong", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    schedule: { every: 1h }
    repo: x
jobs:
  a: { uses: http, timezone: UTC, cron: x, schedule: { every: 1h }, in: web }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "9:5   services/web/schedule: is not a key here. Only jobs have one; write a job with in: and this service.",
      "10:5   services/web/repo: is not a key here. It belongs in the source: { repo: … }.",
      "12:20   jobs/a/timezone: is not a key here. It belongs in the schedule.",
      "12:35   jobs/a/cron: is not a key here. It belongs in the schedule: { cron: … }.",
    ]
  `);
});

test("a job with two owners is not told about disks", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
jobs:
  a: { uses: http, options: { url: "https://example.com" }, schedule: { every: 6h }, in: web, on: render, disabledBy: logs/.off }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "10:95   jobs/a/on: has two owners, in: web and on: render: it would run twice. Keep one.",
    ]
  `);
});

test("a toggle that is a marker file is on the disk of whoever runs the job", () => {
  expect(
    refusals(`
toggles: { off: { marker: tools/.off }, kept: { marker: logs/.off }, there: { marker: /data/.off }, env: { env: OFF } }
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    disk: { mount: /data, sizeGb: 1, persist: [logs] }
jobs:
  a: { uses: http, options: { url: "https://example.com" }, schedule: { every: 6h }, on: render, toggles: [env, off] }
  b: { uses: http, options: { url: "https://example.com" }, schedule: { every: 6h }, in: web, toggles: [kept, there, env, off] }
`),
  ).toMatchInlineSnapshot(`
    [
      "12:86   jobs/a/on: a Render cron job cannot reach the disk of "web" (/data). Use calls: web.",
      "13:123   jobs/b/toggles/3: "tools/.off" is not on the disk of "web": the next deploy would remove it. Add it, or its directory, to services/web/disk/persist.",
    ]
  `);
});

test("a job that remembers something needs a disk, or a stack that keeps its run records", () => {
  const web = `
services:
  web: { type: web, source: { repo: "https://example.com/a" }, runtime: node, start: node a.js, plan: starter }
`;
  const kept = `
databases: { main: { version: 17, plan: basic_1gb, diskGb: 15 } }
stores: { records: { database: main } }
`;

  expect(refusals(`jobs:\n${flush("on: render")}`)).toMatchInlineSnapshot(`
    [
      "2:57   jobs/flush/on: a Render cron job has no disk for what "alerts-flush" remembers. Give a service a disk and use calls: with it. Or give the stack stores: { records: … } in a database.",
    ]
  `);
  expect(refusals(`${web}jobs:\n${flush("in: web")}`)).toMatchInlineSnapshot(`
    [
      "5:12   jobs/flush/uses: "web" has no disk for what "alerts-flush" remembers: the next deploy would lose it. Give the service a disk, or give the stack stores: { records: … } in a database.",
    ]
  `);
  expect(refusals(`${kept}jobs:\n${flush("on: render")}`)).toEqual([]);
  expect(refusals(`${kept}${web}jobs:\n${flush("in: web")}`)).toEqual([]);
});

test("a cron job cannot keep what an option wants on a disk", () => {
  const found = refusals(`
jobs:
  a: { uses: metrics-snapshot, schedule: { every: 1h }, on: render, options: { url: "https://example.com", directory: metrics } }
  b: { uses: metrics-snapshot, schedule: { every: 1h }, on: render, options: { url: "https://example.com" } }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "3:57   jobs/a/on: a Render cron job has no disk for its option "directory". Give a service a disk and use calls: with it.",
    ]
  `);
});

function flush(rest: string): string {
  return `  flush: { uses: alerts-flush, schedule: { every: 1h }, ${rest} }`;
}
