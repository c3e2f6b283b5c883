import { expect, test } from "vitest";
import { refusals } from "../../testing/spec-text.ts";

test("every dangling reference is refused, and names the nearest", () => {
  const found = refusals(`
secrets: { SENDGRID_API_KEY: {} }
services:
  web:
    type: web
    source: { image: nginx, registry: ghcr }
    plan: starter
    envGroups: [shraed]
    secretFiles: { a.json: { secret: NOPE } }
    env:
      A: { secret: SENDGRID_APIKEY }
      B: { url: wbe }
      C: { privateUrl: nothing }
      D: { database: main }
      E: { keyValue: queue }
envGroups:
  shared: { env: { X: 1 } }
jobs:
  a: { uses: http, schedule: { every: 1h }, in: wep }
  b: { uses: http, schedule: { every: 1h }, on: render, lock: { database: nope } }
  c: { schedule: { every: 1h }, by: app, of: nope }
  d: { command: x, schedule: { every: 1h }, on: render, like: nope }
verify:
  - { http: wbe }
  - { job: aa, ranWithin: 1h }
envRules:
  - { require: A, services: [nope] }
overlays:
  x: { description: d, env: { A: 1 }, services: [nope] }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "6:29   services/web/source/registry: there is no registry "ghcr". Declare it under registries, or correct the name.",
      "8:17   services/web/envGroups/0: there is no env group "shraed". Did you mean "shared"?",
      "9:30   services/web/secretFiles/a.json/secret: there is no secret "NOPE". Declare it under secrets, or correct the name.",
      "11:12   services/web/env/A/secret: there is no secret "SENDGRID_APIKEY". Did you mean "SENDGRID_API_KEY"?",
      "12:12   services/web/env/B/url: there is no service "wbe". Did you mean "web"?",
      "13:12   services/web/env/C/privateUrl: there is no service "nothing". Declare it under services, or correct the name.",
      "14:12   services/web/env/D/database: there is no database "main". Declare it under databases, or correct the name.",
      "15:12   services/web/env/E/keyValue: there is no Key Value store "queue". Declare it under keyValues, or correct the name.",
      "19:45   jobs/a/in: there is no service "wep". Did you mean "web"?",
      "20:65   jobs/b/lock/database: there is no database "nope". Declare it under databases, or correct the name.",
      "21:42   jobs/c/of: there is no service "nope". Declare it under services, or correct the name.",
      "22:57   jobs/d/like: there is no service "nope". Declare it under services, or correct the name.",
      "24:7   verify/0/http: there is no service "wbe". Did you mean "web"?",
      "25:7   verify/1/job: there is no job "aa". Did you mean "a"?",
      "27:30   envRules/0/services/0: there is no service "nope". Declare it under services, or correct the name.",
      "29:31   overlays/x/env/A: has no effect: no service sets it. Set its usual value in the service, or correct the name.",
      "29:50   overlays/x/services/0: there is no service "nope". Declare it under services, or correct the name.",
    ]
  `);
});
