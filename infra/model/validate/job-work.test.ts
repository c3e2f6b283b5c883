import { expect, test } from "vitest";
import { refusals } from "../../testing/spec-text.ts";

test("a job without work, or with two, is refused", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
jobs:
  a: { schedule: { every: 1h }, in: web }
  b: { uses: http, command: x, schedule: { every: 1h }, in: web }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "10:3   jobs/a: has neither uses nor command. Set uses: or command:.",
      "11:20   jobs/b/command: cannot be combined with uses. Keep one of them.",
    ]
  `);
});

test("a job that the catalog does not know names the nearest", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
jobs:
  a: { uses: digets, schedule: { every: 1h }, in: web }
  b: { uses: something-else, schedule: { every: 1h }, in: web }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "10:8   jobs/a/uses: there is no job "digets" in the catalog. Did you mean "digest"?",
      "11:8   jobs/b/uses: there is no job "something-else" in the catalog. Known: alerts-flush, backup-verify, cache-refresh, command, dead-letter-requeue, dead-letter-trim, dependency-gate, digest, freshness, heartbeat, http, keepalive, metrics-snapshot, offsite-copy, purge, queue-sweep, reconcile, run-summary, sqlite-backup, sqlite-restore, watchdog; or use command:.",
    ]
  `);
});

test("options that a job does not know, miss or have in another kind are refused", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
jobs:
  a: { uses: dead-letter-trim, schedule: { every: 1h }, in: web, options: { kep: 1, keep: many } }
  b: { uses: purge, schedule: { every: 1h }, in: web, options: { tables: [a], retentionDays: 0 } }
  c: { uses: watchdog, schedule: { every: 1h }, in: web }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "10:77   jobs/a/options/kep: "dead-letter-trim" has no such option. Its options are: queue, keep, dryRun, urlEnv.",
      "10:85   jobs/a/options/keep: has an invalid value: it should be a number. Correct the value.",
      "11:79   jobs/b/options/retentionDays: has an invalid value: it should be at least 1. Correct the value.",
      "12:3   jobs/c/options/url: is missing. "watchdog" needs it.",
    ]
  `);
});

test("a cron job with a command says whose code has it", () => {
  const found = refusals(`
jobs:
  a: { command: make trim, schedule: { every: 1h }, on: render }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "3:8   jobs/a/command: a Render cron job needs the service whose code contains the command. Set like: to the service whose code contains it.",
    ]
  `);
});

test("a cron job with a command needs an image with the runtime", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: docker
    plan: starter
jobs:
  a: { command: make trim, schedule: { every: 1h }, on: render, like: web }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "9:65   jobs/a/like: the image of "web" does not have the runtime. Copy /opt/opspec into it and set supervise: true in services/web.",
    ]
  `);
});

test("a cron job cannot be free, overlap itself or run longer than Render allows", () => {
  const found = refusals(`
jobs:
  a: { uses: http, schedule: { every: 1h }, on: render, plan: free, overlap: allow, deadline: 13h }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "3:57   jobs/a/plan: Render runs no cron job on the free plan. Use plan: starter.",
      "3:69   jobs/a/overlap: Render starts one run at a time and delays the next one, so "allow" is not possible. Use forbid or queue, or run the job in a service (in: <service>).",
      "3:85   jobs/a/deadline: Render ends a run after 12h, got "13h". Split the work.",
    ]
  `);
});

test("a lock needs exactly one store", () => {
  const found = refusals(`
databases:
  main: { version: 16, plan: free }
keyValues:
  q: { plan: free }
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
jobs:
  a: { uses: http, schedule: { every: 1h }, in: web, lock: {} }
  b: { uses: http, schedule: { every: 1h }, in: web, lock: { database: main, keyValue: q } }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "14:54   jobs/a/lock: has no store. Set database: or keyValue:.",
      "15:54   jobs/b/lock: has two stores. Set database: or keyValue:.",
    ]
  `);
});

test("a queue that the app sweeps by itself is swept by nobody else; another queue may be", () => {
  const found = refusals(`
services:
  worker:
    type: private
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    supervise: true
jobs:
  own: { uses: queue-sweep, schedule: { every: 5m }, by: app }
  sweep: { uses: queue-sweep, schedule: { every: 5m }, in: worker }
  other: { uses: queue-sweep, schedule: { every: 5m }, in: worker, options: { queue: letters } }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "12:12   jobs/sweep/uses: the app sweeps "jobs" by itself (jobs/own), so an entry would be requeued twice. Remove this job, or jobs/own when the app no longer does it.",
    ]
  `);
});

test("a command in the options of a cron job needs a service that has it", () => {
  const found = refusals(`
jobs:
  a: { uses: reconcile, schedule: { every: 1h }, on: render, options: { command: pnpm reconcile } }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "3:73   jobs/a/options/command: a Render cron job needs the service whose code contains the command. Set like: to the service whose code contains it.",
    ]
  `);
});

test("a keepalive asks at most once a minute", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
jobs:
  often: { uses: keepalive, schedule: { every: 59s }, in: web }
  seldom: { uses: keepalive, schedule: { every: 1m }, in: web }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "10:41   jobs/often/schedule/every: a keepalive asks at most once in 60s, got "59s". Give it an interval of at least 60s.",
    ]
  `);
});

test("a job that needs what a person says is refused a schedule", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    disk: { mount: /data, sizeGb: 1 }
jobs:
  a:
    uses: sqlite-restore
    schedule: { every: 1h }
    in: web
    options: { database: /data/a.db, directory: /data/backups }
  b:
    uses: sqlite-restore
    schedule: { manual: true }
    in: web
    options: { database: /data/a.db, directory: /data/backups }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "13:5   jobs/a/schedule: "sqlite-restore" can only be started manually. Use { manual: true }.",
    ]
  `);
});

test("caches are refreshed where they are: in a service that has some, or by the app", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    caches: [clans]
  other:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
caches: { clans: { source: { file: clans.json }, ttl: 3h } }
jobs:
  good: { uses: cache-refresh, schedule: { every: 3h }, in: web }
  app: { uses: cache-refresh, schedule: { every: 3h }, in: other, options: { path: /refresh } }
  none: { uses: cache-refresh, schedule: { every: 3h }, in: other }
  far: { uses: cache-refresh, schedule: { every: 3h }, on: render }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "20:11   jobs/none/uses: "other" has no caches. List them in services/other/caches, or set options/path when the app has them.",
      "21:56   jobs/far/on: caches are in the memory of a service, and this job cannot reach it. Run it in the service (in: <service>), or set options/path when the app has them.",
    ]
  `);
});
