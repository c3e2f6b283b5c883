import { MANIFEST_FILE, RuntimeManifest } from "@opspec/runtime/contract";
import { expect, test } from "vitest";
import { modelOf } from "../testing/spec-text.ts";
import type { StackModel } from "./stack-model.ts";

const textOf = (model: StackModel, key: string): string => {
  const found = [...model.services, ...model.jobs].find((it) => it.key === key)?.secretFiles;
  const files = found ?? model.containers.find((it) => it.key === key)?.files;
  return files?.find((it) => it.name === MANIFEST_FILE)?.content ?? "";
};

/** JSON in which short values stand on one line. */
const compact = (value: unknown, indent = ""): string => {
  const flat = JSON.stringify(value);
  if (flat.length + indent.length < 160 || typeof value !== "object" || !value) return flat;
  const inner = `${indent} `;
  const lines = Object.entries(value).map(([key, child]) =>
    Array.isArray(value)
      ? inner + compact(child, inner)
      : `${inner}${key}: ${compact(child, inner)}`,
  );
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  return [open, ...lines, `${indent}${close}`].join("\n");
};

/** The manifest without the members that every manifest has. */
const ownText = (model: StackModel, key: string): string => {
  const manifest = RuntimeManifest.parse(JSON.parse(textOf(model, key)));
  const common = ["version", "runtime", "system", "stack", "environment"];
  const own = Object.entries(manifest).filter(([name]) => !common.includes(name));
  return compact(Object.fromEntries(own));
};

const STORES = `
secrets: { HOOK: {}, SHEET: {}, KEY: {}, METRICS: {} }
databases: { main: { version: 17, plan: basic_1gb } }
keyValues: { queue: { plan: starter } }
stores: { records: { database: main }, coordination: { keyValue: queue }, keep: 100 }
log: { level: warn, traceField: request_id }
alerts:
  channels: { ops: { webhook: { secret: HOOK } } }
  rules:
    dead: { queue: "jobs:dead", of: { keyValue: queue }, in: web, above: 0, for: 10m }
    slow: { metric: latency, labels: { path: / }, in: web, growth: 5, within: 10m }
    failing: { event: job.failed, in: web, ratePerMinute: 2, within: 5m }
toggles:
  reports:
    table: { sheet: { secret: SHEET }, range: "Flags!A:B", credentials: { secret: KEY } }
    key: reports
    ttl: 5m
  sending: { redis: { keyValue: queue }, key: sending, whenMissing: on, whenUnreachable: on }
  marked: { sqlite: data/flags.db, query: select 1 }
caches:
  clans: { source: { http: "https://example.com/clans.json", token: { secret: KEY } }, ttl: 3h }
  unused: { source: { file: data/x.json }, ttl: 3h }
`;

const WEB = `${STORES}
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: docker
    start: node a.js
    plan: starter
    port: 8080
    shutdown: 60s
    supervise:
      gates:
        clamav: { clamav: { host: { env: CLAMAV_HOST }, port: { env: CLAMAV_PORT } }, failClosedEnv: CLAMAV_FAIL_CLOSED, timeout: 60s }
        api: { http: "https://example.com/health", fail: open }
      seed: { file: /data/a.db, from: /etc/secrets/a.db.gz.b64, encoding: gzip-base64 }
      migrate: { command: migrate up, url: { database: main }, atHead: migrate check, deadline: 5m }
      restart: { policy: on-failure, max: 5, window: 10m }
      watchdog: { check: 60s, heartbeat: loop, connection: discord, from: { stall: STALL } }
    healthPreset: c1c-recruitment
    healthPaths: { metrics: /internal/metrics }
    metricsKey: { key: { secret: METRICS }, header: x-internal-key }
    checks:
      database: { postgres: { database: main }, critical: true, timeout: 3s }
      page: { http: /ping, interval: 30s, kind: live }
      discord: { component: discord }
      sweep: { job: sweep, within: 1h, kind: info }
      clock: { clock: { database: main }, maxSkew: 5s }
    toggles: [reports]
    caches: [clans]
    env: { CLAMAV_HOST: clamav.example.com, CLAMAV_PORT: 3310, DATABASE_URL: { database: main }, METRICS_KEY: { secret: METRICS } }
jobs:
  sweep:
    command: node sweep.js
    in: web
    schedule: { daily: "22:00", timezone: America/Montevideo, from: { hour: SWEEP_HOUR, timezone: SWEEP_ZONE } }
    toggles: [sending, marked]
    deadline: 10m
    grace: 20s
    latestStart: 30m
    catchUp: { max: 3 }
    jitter: 30s
    retries: { max: 2, backoff: 5s, on: [75] }
    ping: { secret: HOOK }
    alerts: { on: [fail, late], after: 2 }
  refresh:
    schedule: { every: 6h }
    by: app
    appRuns: { url: { database: main }, table: runs, columns: { job: name }, job: app_refresh }
`;

/** The lines of its manifest. */
const WEB_MANIFEST = String.raw`
{
 process: "web"
 timezone: "UTC"
 app: {
  front: true
  graceSeconds: 60
  restart: {"policy":"on-failure","max":5,"windowSeconds":600}
  seed: {"file":"/data/a.db","from":"/etc/secrets/a.db.gz.b64","encoding":"gzip-base64"}
  gates: [
   {"name":"api","kind":"http","url":"https://example.com/health","fail":"open"}
   {"name":"clamav","kind":"clamav","hostEnv":"CLAMAV_HOST","portEnv":"CLAMAV_PORT","failClosedEnv":"CLAMAV_FAIL_CLOSED","timeoutSeconds":60}
  ]
  migrate: {"kind":"postgres","command":"migrate up","urlEnv":"DATABASE_URL","atHead":"migrate check","deadlineSeconds":300}
  watchdog: {"checkSeconds":60,"stallEnv":"STALL","heartbeat":"loop","connection":"discord"}
 }
 jobs: [
  {
   name: "refresh"
   uses: "command"
   startedBy: "app"
   schedule: {"pattern":"0 */6 * * *","everySeconds":21600,"timezone":"UTC"}
   appRuns: {"urlEnv":"DATABASE_URL","table":"runs","columns":{"job":"name"},"job":"app_refresh"}
  }
  {
   name: "sweep"
   uses: "command"
   startedBy: "schedule"
   schedule: {"pattern":"0 22 * * *","timezone":"America/Montevideo","from":{"hour":"SWEEP_HOUR","timezone":"SWEEP_ZONE"}}
   command: "node sweep.js"
   deadlineSeconds: 600
   graceSeconds: 20
   latestStartSeconds: 1800
   catchUp: {"policy":"all","max":3}
   jitterSeconds: 30
   retries: {"max":2,"backoffSeconds":5,"on":[75]}
   alerts: {"on":["fail","late"],"after":2}
   toggles: ["sending","marked"]
   pingEnv: "OPSPEC_SECRET_HOOK"
  }
 ]
 toggles: [
  {"name":"marked","reader":{"kind":"sql","path":"data/flags.db","query":"select 1"}}
  {
   name: "reports"
   reader: {"kind":"table","source":{"kind":"sheet","sheetEnv":"OPSPEC_SECRET_SHEET","range":"Flags!A:B","credentialsEnv":"OPSPEC_SECRET_KEY"},"key":"reports"}
   ttlSeconds: 300
  }
  {"name":"sending","reader":{"kind":"redis","urlEnv":"OPSPEC_KEY_VALUE_QUEUE_URL","key":"sending"},"whenMissing":"on","whenUnreachable":"on"}
 ]
 caches: [{"name":"clans","source":{"kind":"http","url":"https://example.com/clans.json","tokenEnv":"OPSPEC_SECRET_KEY"},"ttlSeconds":10800}]
 health: {
  preset: "c1c-recruitment"
  checks: [
   {"name":"clock","kind":"ready","probe":{"kind":"clock","urlEnv":"DATABASE_URL","maxSkewMs":5000}}
   {"name":"database","kind":"ready","critical":true,"timeoutMs":3000,"probe":{"kind":"postgres","urlEnv":"DATABASE_URL"}}
   {"name":"discord","kind":"ready","probe":{"kind":"component","name":"discord"}}
   {"name":"page","kind":"live","intervalMs":30000,"probe":{"kind":"http","path":"/ping"}}
   {"name":"sweep","kind":"info","probe":{"kind":"job","job":"sweep","withinSeconds":3600}}
  ]
  paths: {"metrics":"/internal/metrics"}
  metricsKeyEnv: "METRICS_KEY"
  metricsKeyHeader: "x-internal-key"
 }
 alerts: {
  channels: [{"name":"ops","kind":"webhook","urlEnv":"OPSPEC_SECRET_HOOK"}]
  rules: [
   {"name":"dead","of":{"kind":"queue","urlEnv":"OPSPEC_KEY_VALUE_QUEUE_URL","key":"jobs:dead"},"above":0,"forSeconds":600}
   {"name":"failing","of":{"kind":"event","name":"job.failed"},"ratePerMinute":2,"withinSeconds":300}
   {"name":"slow","of":{"kind":"metric","name":"latency","labels":{"path":"/"}},"growth":5,"withinSeconds":600}
  ]
 }
 stores: {"records":{"kind":"postgres","urlEnv":"DATABASE_URL"},"keepRecords":100,"coordination":{"kind":"redis","urlEnv":"OPSPEC_KEY_VALUE_QUEUE_URL"}}
 log: {"level":"warn","traceField":"request_id"}
 secrets: ["METRICS_KEY"]
}
`.trim();

test("the manifest of a web service under supervision is exactly this", () => {
  const model = modelOf(WEB);

  expect(model.services[0]?.env["OPSPEC_SECRET_HOOK"]).toEqual({ kind: "secret", secret: "HOOK" });
  expect(ownText(model, "web")).toBe(WEB_MANIFEST);
});

test("the manifest of a cron job has its job, its stores and whom it tells, and no app", () => {
  const model = modelOf(`${STORES}
services:
  web: { type: web, source: { repo: "https://example.com/a" }, runtime: node, start: node a.js, plan: starter }
jobs:
  trim:
    uses: dead-letter-trim
    on: render
    schedule: { every: 1h }
    env: { DEAD_LETTER_KEEP: 100 }
    options: { queue: jobs:dead, keep: { env: DEAD_LETTER_KEEP, default: 100 } }
    alerts: { on: [fail] }
`);

  expect(ownText(model, "trim")).toMatchInlineSnapshot(`
    "{
     process: "trim"
     timezone: "UTC"
     jobs: [
      {
       name: "trim"
       uses: "dead-letter-trim"
       startedBy: "process"
       schedule: {"pattern":"0 * * * *","everySeconds":3600,"timezone":"UTC"}
       alerts: {"on":["fail"]}
       options: {"keep":{"default":100,"env":"DEAD_LETTER_KEEP"},"queue":"jobs:dead"}
      }
     ]
     alerts: {"channels":[{"name":"ops","kind":"webhook","urlEnv":"OPSPEC_SECRET_HOOK"}]}
     stores: {"records":{"kind":"postgres","urlEnv":"OPSPEC_DATABASE_MAIN_URL"},"keepRecords":100,"coordination":{"kind":"redis","urlEnv":"OPSPEC_KEY_VALUE_QUEUE_URL"}}
     log: {"level":"warn","traceField":"request_id"}
    }"
  `);
});

test("a worker without a port is supervised without standing in front, and a disk keeps what is remembered", () => {
  const model = modelOf(`
services:
  loop: { type: worker, source: { repo: "https://example.com/a" }, runtime: python, start: python a.py, plan: starter, disk: { mount: /data, sizeGb: 1 } }
`);

  expect(ownText(model, "loop")).toMatchInlineSnapshot(`
    "{
     process: "loop"
     timezone: "UTC"
     disk: {"mount":"/data","persist":[]}
     app: {"front":false,"graceSeconds":30}
     jobs: []
     stores: {"records":{"kind":"sqlite","path":"/data/.opspec/state.db"},"coordination":{"kind":"sqlite","path":"/data/.opspec/state.db"}}
    }"
  `);
});

test("a container sees its manifest as a mounted file where Render would have it", () => {
  const model = modelOf(`
secrets: { KEY: {}, SEED: {} }
vms: { box: { address: 203.0.113.10, hostKey: ssh-ed25519 AAAA, key: { secret: KEY } } }
services:
  api:
    type: container
    source: { image: "example.com/api:1" }
    supervise: true
    start: node a.js
    port: 8000
    secretFiles: { seed.db: { secret: SEED } }
jobs:
  sweep: { command: node sweep.js, schedule: { every: 1h }, in: api }
`);
  const [api] = model.containers;

  expect(api?.files.map(({ content: _content, ...file }) => file)).toEqual([
    {
      name: "seed.db",
      secret: "SEED",
      host: "/etc/opspec/shop/api/seed.db",
      container: "/etc/secrets/seed.db",
    },
    {
      name: "opspec-manifest.json",
      host: "/etc/opspec/shop/api/opspec-manifest.json",
      container: "/etc/secrets/opspec-manifest.json",
    },
  ]);
  expect(api).toMatchObject({
    startCommand: "/opt/opspec/opspec-runtime supervise -- node a.js",
    probeCommand: "/opt/opspec/opspec-runtime probe --command 'sweep=node sweep.js'",
    healthCheckPath: "/healthz",
    env: { OPSPEC_MANIFEST: { kind: "text", text: "/etc/secrets/opspec-manifest.json" } },
  });
  expect(ownText(model, "api")).toMatchInlineSnapshot(`
    "{
     process: "api"
     timezone: "UTC"
     app: {"front":true,"graceSeconds":30}
     jobs: [{"name":"sweep","uses":"command","startedBy":"schedule","schedule":{"pattern":"0 * * * *","everySeconds":3600,"timezone":"UTC"},"command":"node sweep.js"}]
    }"
  `);
});
