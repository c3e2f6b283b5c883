import { expect, test } from "vitest";
import { refusals, wholeRefusals } from "../testing/spec-text.ts";

test("keys of things are words that Render and Pulumi take", () => {
  const found = refusals(`
services:
  Web_1: { type: web, source: { image: nginx }, plan: starter }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "3:3   services/Web_1: should be lower-case words with hyphens, such as web or digest-weekdays, got "Web_1".",
    ]
  `);
});

test("names of variables are names that every shell takes", () => {
  const found = refusals(`
services:
  web: { type: web, source: { image: nginx }, plan: starter, env: { MY-VAR: 1 } }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "3:69   services/web/env/MY-VAR: should be an environment name such as SENDGRID_API_KEY, got "MY-VAR".",
    ]
  `);
});

test("durations need a unit that exists", () => {
  const found = refusals(`
verify:
  - { job: a, ranWithin: 1y }
jobs:
  a: { uses: http, schedule: { every: 90 }, on: render, deadline: 10 minutes }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "3:15   verify/0/ranWithin: should be a number and a unit, such as 90s, 15m, 6h, 7d or 2w, got "1y".",
      "5:32   jobs/a/schedule/every: should be text, got 90.",
      "5:57   jobs/a/deadline: should be a number and a unit, such as 90s, 15m, 6h, 7d or 2w, got "10 minutes".",
    ]
  `);
});

test("cron tokens that do not exist are refused by name", () => {
  const found = refusals(`
jobs:
  a: { uses: http, schedule: { cron: "0 0 * * MON-FRIDAY" }, on: render }
  b: { uses: http, schedule: { cron: "*/0 * * * *" }, on: render }
  c: { uses: http, schedule: { cron: "61 * * * *" }, on: render }
  d: { uses: http, schedule: { cron: "0 0 31 2 *" }, on: render }
  e: { uses: http, schedule: { cron: "@daily" }, on: render }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "3:32   jobs/a/schedule/cron: "MON-FRIDAY" in the day of the week field is not valid. Write *, */n, n, n-m or a list of them, with n from 0 to 7, or SUN to SAT.",
      "4:32   jobs/b/schedule/cron: "*/0" in the minute field has a step of 0. A step is from 1 to 59; for once in the whole field write 0.",
      "5:32   jobs/c/schedule/cron: 61 is out of range in the minute field. It takes 0 to 59.",
      "6:32   jobs/d/schedule/cron: "0 0 31 2 *" never comes: no such month has a day 31. Correct the day of the month or the month.",
      "7:32   jobs/e/schedule/cron: "@daily" has 1 field. A cron has five: minute, hour, day of the month, month, day of the week.",
    ]
  `);
});

test("times of day are two digits each", () => {
  const found = refusals(`
jobs:
  a: { uses: http, schedule: { daily: "9:30" }, on: render }
  b: { uses: http, schedule: { weekdays: ["09:30", "24:00"] }, on: render }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "3:32   jobs/a/schedule/daily: should be hours and minutes in quotes, such as "09:30", got "9:30".",
      "4:52   jobs/b/schedule/weekdays/1: should be hours and minutes in quotes, such as "09:30", got "24:00".",
    ]
  `);
});

test("a time zone must exist", () => {
  const found = refusals(`
timezone: Europe/Wien
jobs:
  a: { uses: http, schedule: { daily: "09:30", timezone: Mars/Olympus }, on: render }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "2:1   timezone: "Europe/Wien" is not a time zone. Use an IANA name such as Europe/Vienna.",
      "4:48   jobs/a/schedule/timezone: "Mars/Olympus" is not a time zone. Use an IANA name such as Europe/Vienna.",
    ]
  `);
});

test("persisted paths stay inside the app", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    disk: { mount: data, sizeGb: 0, persist: [../x, /y, a/, "a b"] }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "9:13   services/web/disk/mount: should be an absolute path such as /var/data, got "data".",
      "9:26   services/web/disk/sizeGb: should be at least 1, got 0.",
      "9:47   services/web/disk/persist/0: should be a path inside the app's directory, such as logs or tools/.digest_disabled, got "../x".",
      "9:53   services/web/disk/persist/1: should be a path inside the app's directory, such as logs or tools/.digest_disabled, got "/y".",
      "9:57   services/web/disk/persist/2: should be a path inside the app's directory, such as logs or tools/.digest_disabled, got "a/".",
      "9:61   services/web/disk/persist/3: should be a path inside the app's directory, such as logs or tools/.digest_disabled, got "a b".",
    ]
  `);
});

test("repositories, digests, owners and versions have their forms", () => {
  const found = wholeRefusals(`
version: 2
system: shop
render: { owner: my-team }
runtimeSource:
  image: ghcr.io/me/runtime:latest
  archive: { url: "http://example.com/a.tgz", sha256: abc }
services:
  web: { type: web, source: { repo: "http://example.com/a" }, runtime: node, start: x, plan: Starter Plus }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "2:1   version: should be 1, got 2.",
      "4:11   render/owner: should be a workspace id such as tea-cq1b2c3d4e5f6g7h8i9j, got "my-team".",
      "6:3   runtimeSource/image: should be an image with its digest, such as ghcr.io/me/opspec-runtime@sha256:…, got "ghcr.io/me/runtime:latest".",
      "7:14   runtimeSource/archive/url: should be a URL that starts with https://, got "http://example.com/a.tgz".",
      "7:47   runtimeSource/archive/sha256: should be 64 hexadecimal digits (sha256sum prints them), got "abc".",
      "9:31   services/web/source/repo: should be a URL that starts with https://, got "http://example.com/a".",
      "9:88   services/web/plan: there is no plan "Starter Plus". Did you mean "starter_plus"?",
    ]
  `);
});

test("domains are host names and allow-lists are ranges with a reason", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { image: nginx }
    plan: starter
    domains: ["https://www.example.com", UPPER.example.com]
    allowList: [{ cidr: 1.2.3.4 , why: office }, { cidr: 300.1.1.1/32, why: x }, { cidr: 10.0.0.0/8 }]
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "7:15   services/web/domains/0: should be a host name such as api.example.com, got "https://www.example.com".",
      "7:42   services/web/domains/1: should be in lower case, got "UPPER.example.com".",
      "8:19   services/web/allowList/0/cidr: should be a range such as 203.0.113.10/32, got "1.2.3.4".",
      "8:52   services/web/allowList/1/cidr: should be a range such as 203.0.113.10/32, got "300.1.1.1/32".",
      "8:82   services/web/allowList/2/why: is missing. Add it, for example why: "the VM of the API".",
    ]
  `);
});

test("bounds of numbers are told", () => {
  const found = refusals(`
services:
  web: { type: web, source: { image: nginx }, plan: starter, instances: 0, port: 70000, autoscale: { min: 1, max: 500, cpuPercent: 99 } }
databases:
  main: { version: 9, plan: free, replicas: [a, b, c, d, e, f] }
secrets:
  A: { generate: { bytes: 4 }, rotated: yesterday }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "3:62   services/web/instances: should be at least 1, got 0.",
      "3:76   services/web/port: should be at most 65535, got 70000.",
      "3:110   services/web/autoscale/max: should be at most 100, got 500.",
      "3:120   services/web/autoscale/cpuPercent: should be at most 90, got 99.",
      "5:11   databases/main/version: should be at least 11, got 9.",
      "5:35   databases/main/replicas: should have at most 5 items, got a list.",
      "7:20   secrets/A/generate/bytes: should be at least 16.",
      "7:32   secrets/A/rotated: should be a date such as 2026-01-31.",
    ]
  `);
});
