import { MANIFEST_FILE, RuntimeManifest } from "@opspec/runtime/contract";
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

const filesOf = (model: StackModel, key: string) =>
  model.services.find((it) => it.key === key)?.secretFiles;

test("each process has a manifest with its own jobs only", () => {
  const model = modelOf(SPEC);

  expect(manifestOf(model, "web")).toEqual({
    version: 1,
    system: "shop",
    stack: "shop",
    process: "web",
    timezone: "America/Mazatlan",
    disk: { mount: "/data", persist: ["logs", "tools/.off"] },
    jobs: [
      {
        name: "digest",
        uses: "digest",
        startedBy: "call",
        schedule: { pattern: "0 13 * * 1-5", timezone: "America/Mazatlan" },
        disabledBy: "tools/.off",
      },
    ],
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
      lock: { store: "redis", urlEnv: "OPSPEC_LOCK_URL", ttlSeconds: 30 },
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

test("a store that holds locks is told to the process as a variable", () => {
  const api = modelOf(SPEC).services.find((it) => it.key === "api");

  expect(api?.env["OPSPEC_LOCK_URL"]).toEqual({
    kind: "keyValue",
    keyValue: "q",
    property: "internalUrl",
  });
});
