import { expect, test } from "vitest";
import { modelOf } from "../testing/spec-text.ts";

const NODE = `type: web, source: { repo: "https://example.com/a" }, runtime: node, start: node a.js, plan: starter`;

const notesOf = (text: string): readonly string[] => modelOf(text).notes;

test("a health path that depends on something outside is told", () => {
  expect(
    notesOf(`
services:
  a: { ${NODE}, health: /readyz }
  b: { ${NODE}, health: /health, healthPreset: c1c-recruitment }
  c: { ${NODE}, health: /health }
  d: { ${NODE}, health: /health, healthPreset: chorizaurio }
  e: { ${NODE}, health: /health, build: npm ci, supervise: false }
  f: { ${NODE} }
`).map((it) => it.split(":")[0]),
  ).toEqual([
    "services/a/health is /readyz",
    "services/b/health is /health",
    "services/c/health is /health",
  ]);
});

const botWith = (service: string): string => `
databases: { main: { version: 17, plan: basic_1gb } }
services:
  bot: { ${NODE}, ${service} }
jobs:
  sweep: { command: node x.js, schedule: { every: 1h }, in: bot }
  cache: { schedule: { every: 3h }, by: app }
`;

test("one instance without a disk and a store may run a job twice while a new version starts", () => {
  expect(notesOf(botWith("instances: 1"))).toEqual([
    "services/bot has neither a disk nor stores/coordination: while a new version starts, the old one runs beside it, and both may run sweep, cache.",
  ]);
  expect(notesOf(botWith("disk: { mount: /data, sizeGb: 1 }"))).toEqual([]);
  expect(notesOf(botWith("stores: { coordination: { database: main } }"))).toEqual([]);
});

test("what nobody watches and whom nobody tells is said", () => {
  expect(
    notesOf(`
services:
  bot: { ${NODE}, build: npm ci, supervise: false }
jobs:
  cache: { schedule: { every: 3h }, by: app, alerts: { on: [late] } }
`),
  ).toEqual([
    "jobs/cache is not watched: services/bot does not run under the runtime, to which its app could report.",
    "alerts of cache have no channel, so nobody receives them. Declare one under alerts/channels.",
  ]);
});

test("a cron job of which nothing but itself could tell that it is late is told", () => {
  const job = `uses: http, schedule: { every: 1h }, on: render, options: { url: "https://example.com" }, alerts: { on: [late] }`;
  const told = (more: string, stack = "") =>
    notesOf(`
databases: { main: { version: 17, plan: basic_1gb } }
secrets: { HOOK: {}, PING_URL: {} }
alerts: { channels: { ops: { webhook: { secret: HOOK } } } }
${stack}
services:
  bot: { ${NODE} }
jobs:
  cache: { ${job}${more} }
`);

  expect(told("")).toEqual([
    "jobs/cache: no other process can report that it is late or stuck. Add ping to the job, or stores/records and a supervised service to the stack.",
  ]);
  expect(told(", ping: { secret: PING_URL }")).toEqual([]);
  expect(told("", "stores: { records: { database: main } }")).toEqual([]);
});

test("a service with the runtime in front is polled for its life when its spec names no path", () => {
  const { services } = modelOf(`
services:
  a: { ${NODE} }
  b: { ${NODE}, healthPaths: { healthz: /livez } }
  c: { ${NODE}, health: /ping }
  d: { ${NODE}, build: npm ci, supervise: false }
  e: { ${NODE}, supervise: { opsPort: 9600 } }
`);

  expect(services.map((it) => it.healthCheckPath)).toEqual([
    "/healthz",
    "/livez",
    "/ping",
    undefined,
    undefined,
  ]);
});
