import { expect, test } from "vitest";
import { refusals } from "../../testing/spec-text.ts";

test("everything that the blocks of the runtime refer to exists", () => {
  expect(
    refusals(`
databases: { main: { version: 17, plan: basic_1gb } }
stores: { records: { database: mian } }
alerts:
  channels: { ops: { webhook: { secret: HOOK } } }
  rules: { dead: { queue: dead, of: { keyValue: queue }, in: wbe, above: 0 } }
toggles: { sending: { redis: { keyValue: queue }, key: x } }
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    supervise:
      gates: { clamav: { clamav: { host: { env: CLAMAV_HOTS }, port: 3310 } } }
      migrate: { command: x, url: { database: other } }
    checks: { runs: { job: swep, within: 1h }, db: { postgres: { env: DATABASE_URL } } }
    toggles: [sendin]
    caches: [clans]
    stores: { history: { file: logs/x.jsonl, names: { gone: x } } }
    env: { CLAMAV_HOST: clamav.example.com }
jobs:
  sweep: { command: node a.js, schedule: { every: 1h }, in: web, toggles: [off], ping: { secret: PING } }
`),
  ).toMatchInlineSnapshot(`
    [
      "3:22   stores/records/database: there is no database "mian". Did you mean "main"?",
      "5:33   alerts/channels/ops/webhook/secret: there is no secret "HOOK". Declare it under secrets, or correct the name.",
      "6:39   alerts/rules/dead/of/keyValue: there is no Key Value store "queue". Declare it under keyValues, or correct the name.",
      "6:58   alerts/rules/dead/in: there is no service "wbe". Did you mean "web"?",
      "7:32   toggles/sending/redis/keyValue: there is no Key Value store "queue". Declare it under keyValues, or correct the name.",
      "16:44   services/web/supervise/gates/clamav/clamav/host/env: the process has no variable CLAMAV_HOTS. Did you mean "CLAMAV_HOST"?",
      "17:37   services/web/supervise/migrate/url/database: there is no database "other". Declare it under databases, or correct the name.",
      "18:23   services/web/checks/runs/job: there is no job "swep". Did you mean "sweep"?",
      "18:66   services/web/checks/db/postgres/env: the process has no variable DATABASE_URL. Declare it in its env.",
      "19:15   services/web/toggles/0: there is no toggle "sendin". Did you mean "sending"?",
      "20:14   services/web/caches/0: there is no cache "clans". Declare it under caches, or correct the name.",
      "21:26   services/web/stores/history/file: "logs/x.jsonl" is not on the disk: the next deploy would remove it. Give the service a disk.",
      "21:55   services/web/stores/history/names/gone: there is no job "gone". Declare it under jobs, or correct the name.",
      "24:76   jobs/sweep/toggles/0: there is no toggle "off". Declare it under toggles, or correct the name.",
      "24:90   jobs/sweep/ping/secret: there is no secret "PING". Declare it under secrets, or correct the name.",
    ]
  `);
});

test("an option that is bound to a variable has a default, or its process has the variable", () => {
  expect(
    refusals(`
services:
  web: { type: web, source: { repo: "https://example.com/a" }, runtime: node, start: node a.js, plan: starter, env: { KEEP: 3 } }
jobs:
  a: { uses: dead-letter-trim, schedule: { every: 1h }, in: web, options: { keep: { env: KEEP } } }
  b: { uses: dead-letter-trim, schedule: { every: 1h }, in: web, options: { keep: { env: KEPT } } }
  c: { uses: dead-letter-trim, schedule: { every: 1h }, on: render, options: { keep: { env: KEEP, default: 1 }, queue: { env: QUEUE } } }
`),
  ).toMatchInlineSnapshot(`
    [
      "6:85   jobs/b/options/keep/env: the process has no variable KEPT. Did you mean "KEEP"?",
      "7:122   jobs/c/options/queue/env: the process has no variable QUEUE. Declare it in its env.",
    ]
  `);
});

test("a binding is judged like the option itself: by its default, and by its form", () => {
  expect(
    refusals(`
jobs:
  a: { uses: dead-letter-trim, schedule: { every: 1h }, on: render, options: { keep: { env: KEEP, default: many } } }
  b: { uses: dead-letter-trim, schedule: { every: 1h }, on: render, options: { kep: { env: KEEP, default: 1 } } }
`),
  ).toMatchInlineSnapshot(`
    [
      "3:80   jobs/a/options/keep: has an invalid value: it should be a number. Correct the value.",
      "4:80   jobs/b/options/kep: "dead-letter-trim" has no such option. Its options are: queue, keep, dryRun, urlEnv.",
    ]
  `);
});

test("a store that the runtime of a service uses can be reached from there, like one of a variable", () => {
  expect(
    refusals(`
secrets: { KEY: {} }
databases: { main: { version: 17, plan: basic_1gb, region: ohio } }
keyValues: { queue: { plan: starter } }
stores: { records: { database: main }, coordination: { database: main } }
vms: { box: { address: 203.0.113.10, hostKey: ssh-ed25519 AAAA, key: { secret: KEY } } }
services:
  web: { type: web, source: { repo: "https://example.com/a" }, runtime: node, start: node a.js, plan: starter }
  api:
    type: container
    source: { image: "example.com/api:1" }
    supervise: true
    start: node a.js
    checks: { redis: { redis: { keyValue: queue } }, again: { redis: { keyValue: queue } } }
`),
  ).toMatchInlineSnapshot(`
    [
      "3:14   databases/main/allowList: "api" on the VM "box" (203.0.113.10) is not allowed to connect. Add { cidr: 203.0.113.10/32, why: the VM box }.",
      "4:14   keyValues/queue/allowList: "api" on the VM "box" (203.0.113.10) is not allowed to connect. Add { cidr: 203.0.113.10/32, why: the VM box }.",
      "5:22   stores/records/database: "web" is in oregon and "main" in ohio: its internal address cannot be reached. Use the same region for both, or use property: externalUrl.",
    ]
  `);
});
