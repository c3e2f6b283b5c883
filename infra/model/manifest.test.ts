import { MANIFEST_FILE, RuntimeManifest } from "@opspec/runtime/contract";
import { RUNTIME_VERSION } from "@opspec/runtime/version";
import { expect, test } from "vitest";
import { modelOf } from "../testing/spec-text.ts";
import type { StackModel } from "./stack-model.ts";

const SPEC = `
timezone: America/Mazatlan
keyValues: { q: { plan: starter } }
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    disk: { mount: /data, sizeGb: 1, persist: [logs, tools/.off] }
  api: { type: private, source: { repo: "https://example.com/b" }, runtime: node, start: node b.js, plan: starter }
jobs:
  digest: { uses: digest, schedule: { weekdays: "13:00" }, on: render, calls: web, disabledBy: tools/.off }
  sweep:
    command: node sweep.js
    schedule: { every: 90s, onStart: true }
    in: api
    deadline: 1m
    retries: { max: 2, backoff: 5s }
    lock: { keyValue: q, ttl: 30s }
    alerts: { on: [fail], after: 2 }
  watched: { schedule: { daily: "09:30" }, by: app, of: api }
  ping: { uses: http, schedule: { every: 1h }, on: render, options: { url: "https://example.com" } }
`;

const manifestOf = (model: StackModel, key: string): RuntimeManifest => {
  const owner = [...model.services, ...model.jobs].find((it) => it.key === key);
  const file = owner?.secretFiles?.find((it) => it.name === MANIFEST_FILE);
  return RuntimeManifest.parse(JSON.parse(file?.content ?? "null"));
};

const envOf = (model: StackModel, key: string) => model.services.find((it) => it.key === key)?.env;

const filesOf = (model: StackModel, key: string) =>
  model.services.find((it) => it.key === key)?.secretFiles;

test("each process has a manifest with its own jobs only", () => {
  const model = modelOf(SPEC);

  expect(manifestOf(model, "web")).toEqual({
    version: 1,
    runtime: RUNTIME_VERSION,
    system: "shop",
    stack: "shop",
    environment: "production",
    process: "web",
    timezone: "America/Mazatlan",
    disk: { mount: "/data", persist: ["logs", "tools/.off"] },
    app: { front: true, graceSeconds: 30 },
    stores: {
      records: { kind: "sqlite", path: "/data/.opspec/state.db" },
      coordination: { kind: "sqlite", path: "/data/.opspec/state.db" },
    },
    jobs: [
      {
        name: "digest",
        uses: "digest",
        startedBy: "call",
        schedule: { pattern: "0 13 * * 1-5", timezone: "America/Mazatlan" },
        toggles: ["tools/.off"],
      },
    ],
    toggles: [{ name: "tools/.off", reader: { kind: "marker", path: "tools/.off" } }],
  });
  expect(manifestOf(model, "api").jobs).toEqual([
    {
      name: "sweep",
      uses: "command",
      startedBy: "schedule",
      schedule: { everySeconds: 90, onStart: true, timezone: "UTC" },
      command: "node sweep.js",
      deadlineSeconds: 60,
      retries: { max: 2, backoffSeconds: 5 },
      lock: { store: "redis", urlEnv: "OPSPEC_KEY_VALUE_Q_URL", ttlSeconds: 30 },
      alerts: { on: ["fail"], after: 2 },
    },
    {
      name: "watched",
      uses: "command",
      startedBy: "app",
      schedule: { pattern: "30 9 * * *", timezone: "America/Mazatlan" },
    },
  ]);
  expect(manifestOf(model, "ping").jobs.map((it) => [it.name, it.startedBy])).toEqual([
    ["ping", "process"],
  ]);
});

test("a cron job that must be told as late is watched by one service with the same records", () => {
  const shared = `
databases: { main: { version: 17, plan: basic_1gb } }
stores: { records: { database: main } }
secrets: { HOOK: {} }
alerts: { channels: { ops: { webhook: { secret: HOOK } } } }
services:
  web: { type: web, source: { repo: "https://example.com/a" }, runtime: node, start: node a.js, plan: starter }
  api: { type: private, source: { repo: "https://example.com/b" }, runtime: node, build: npm ci, start: node b.js, plan: starter, supervise: false }
jobs:
  purge:
    uses: purge
    schedule: { daily: "04:30" }
    on: render
    deadline: 30m
    options: { tables: [events], retentionDays: 90 }
    env: { DATABASE_URL: { database: main } }
    alerts: { on: [fail, late] }
  ping: { uses: http, schedule: { every: 1h }, on: render, options: { url: "https://example.com" } }
`;
  const model = modelOf(shared);

  const { jobs, alerts, stores } = manifestOf(model, "web");

  expect(jobs).toEqual([
    {
      name: "purge",
      uses: "purge",
      startedBy: "elsewhere",
      schedule: { pattern: "30 4 * * *", timezone: "UTC" },
      deadlineSeconds: 1800,
      alerts: { on: ["fail", "late"] },
    },
  ]);
  expect(alerts?.channels.map((it) => it.name)).toEqual(["ops"]);
  expect(stores?.records).toEqual({ kind: "postgres", urlEnv: "OPSPEC_DATABASE_MAIN_URL" });
});

test("a caller has the address and the token of the service, and no manifest", () => {
  const digest = modelOf(SPEC).jobs.find((it) => it.key === "digest");

  expect(digest).toMatchObject({
    command: "/opt/opspec/opspec-runtime call digest",
    env: {
      OPSPEC_CALL_TOKEN: { kind: "secret", secret: "OPSPEC_CALL_TOKEN" },
      OPSPEC_CALL_URL: { kind: "reference", service: "web", property: "privateUrl" },
    },
  });
  expect(digest?.secretFiles).toBeUndefined();
});

test("a changed schedule of one service changes no other manifest", () => {
  const before = modelOf(SPEC);
  const after = modelOf(SPEC.replace('"13:00"', '"14:00"'));

  expect(filesOf(after, "api")).toEqual(filesOf(before, "api"));
  expect(filesOf(after, "web")).not.toEqual(filesOf(before, "web"));
});

test("the order in the file changes no manifest", () => {
  const [head = "", jobs = ""] = SPEC.split("jobs:\n");
  const blocks = jobs.split(/\n(?= {2}\w)/).map((it) => it.trimEnd());
  const turned = `${head}jobs:\n${blocks.toReversed().join("\n")}\n`;

  expect(modelOf(turned).services).toEqual(modelOf(SPEC).services);
});

test("what a manifest refers to is a variable of the process: its own, or one that is added", () => {
  const model = modelOf(`${SPEC}
  other: { uses: http, options: { url: "https://example.com" }, schedule: { every: 1h }, in: web, lock: { keyValue: q } }
`);
  const own = modelOf(
    SPEC.replace("type: private,", "type: private, env: { REDIS_URL: { keyValue: q } },"),
  );
  const store = { kind: "keyValue", keyValue: "q", property: "internalUrl" };

  expect(envOf(model, "web")?.["OPSPEC_KEY_VALUE_Q_URL"]).toEqual(store);
  expect(envOf(model, "api")?.["OPSPEC_KEY_VALUE_Q_URL"]).toEqual(store);
  expect(envOf(own, "api")?.["OPSPEC_KEY_VALUE_Q_URL"]).toBeUndefined();
  expect(manifestOf(own, "api").jobs[0]?.lock?.urlEnv).toBe("REDIS_URL");
});

test("every supervised process has a token for its ops paths, generated once for the stack", () => {
  const { services, jobs, secrets } = modelOf(SPEC);
  const token = { kind: "secret", secret: "OPSPEC_OPS_TOKEN" };

  expect(services.map((it) => it.env["OPSPEC_OPS_TOKEN"])).toEqual([token, token]);
  expect(jobs.map((it) => it.env["OPSPEC_OPS_TOKEN"])).toEqual([undefined, undefined]);
  expect(secrets.find((it) => it.name === "OPSPEC_OPS_TOKEN")).toEqual({
    name: "OPSPEC_OPS_TOKEN",
    required: false,
    generateBytes: 32,
    usedBy: ["services/web/env/OPSPEC_OPS_TOKEN", "services/api/env/OPSPEC_OPS_TOKEN"],
  });
});

test("the paths of operators that are open without a token are those that the service declares", () => {
  const model = modelOf(
    SPEC.replace("type: private,", "type: private, ops: { public: [/ops/version] },"),
  );

  expect(manifestOf(model, "api").ops).toEqual({ public: ["/ops/version"] });
  expect(manifestOf(model, "web").ops).toBeUndefined();
});
