import { expect, test } from "vitest";
import { modelOf } from "../testing/spec-text.ts";

test("a cron job like a native service is built like it and runs one job of the runtime", () => {
  const [job] = modelOf(`
secrets: { KEY: {} }
services:
  api:
    type: web
    source: { repo: "https://example.com/a", branch: live, dir: backend }
    runtime: python
    build: make
    start: python a.py
    plan: standard
    region: ohio
    env: { KEY: { secret: KEY } }
jobs:
  trim: { command: python trim.py, schedule: { every: 1h }, on: render, like: api, env: { KEEP: 100 } }
`).jobs;

  expect(job).toMatchObject({
    name: "shop-trim",
    region: "ohio",
    plan: "starter",
    source: { kind: "repo", repo: "https://example.com/a", branch: "live", rootDir: "backend" },
    runtime: "python",
    command: ".opspec/opspec-runtime run trim",
    env: {
      KEEP: { kind: "text", text: "100" },
      KEY: { kind: "secret", secret: "KEY" },
      OPSPEC_MANIFEST: { kind: "text", text: "/etc/secrets/opspec-manifest.json" },
    },
  });
  expect(job?.buildCommand).toMatch(/^make && mkdir -p \.opspec && curl /);
});

test("a cron job like a docker service runs its image", () => {
  const [job] = modelOf(`
services:
  api:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: docker
    docker: { file: api.Dockerfile }
    start: node api.js
    supervise: true
    plan: standard
jobs:
  trim: { command: make trim, schedule: { every: 1h }, on: render, like: api }
`).jobs;

  expect(job).toMatchObject({
    runtime: "docker",
    dockerfilePath: "api.Dockerfile",
    command: "/opt/opspec/opspec-runtime run trim",
  });
});

test("jobs without a resource tell their owner and when they run", () => {
  const { inServiceJobs, jobs } = modelOf(`
vms:
  box: { address: 203.0.113.10, hostKey: ssh-ed25519 AAAA, key: { secret: KEY } }
secrets: { KEY: {} }
services:
  api: { type: web, source: { repo: "https://example.com/a" }, runtime: node, start: x, plan: starter }
jobs:
  a: { uses: http, schedule: { daily: "10:00", timezone: Europe/Vienna }, in: api, formerly: old }
  b: { command: ./watch, schedule: { every: 1m }, on: vm }
  c: { schedule: { manual: true }, by: app }
`);

  expect(jobs).toEqual([]);
  expect(inServiceJobs).toEqual([
    {
      key: "a",
      uses: "http",
      owner: { kind: "service", service: "api" },
      schedule: "daily 10:00 Europe/Vienna = 08:00 or 09:00 UTC",
      formerly: ["old"],
    },
    { key: "b", uses: "command", owner: { kind: "vm", vm: "box" }, schedule: "every 1m" },
    { key: "c", uses: "command", owner: { kind: "app", service: "api" }, schedule: "by hand" },
  ]);
});

test.each([
  ["port: 8080", 8080],
  ["port: 8080, supervise: { opsPort: 9600 }", 9600],
  ["instances: 1", undefined],
])("a caller finds the runtime of a service on the port where it listens: %s", (service, port) => {
  const [job] = modelOf(`
services:
  web: { type: web, source: { repo: "https://example.com/a" }, runtime: node, start: node a.js, plan: starter, ${service} }
jobs:
  ping: { uses: http, options: { url: "https://example.com" }, schedule: { every: 1h }, on: render, calls: web }
`).jobs;

  expect(job?.env["OPSPEC_CALL_URL"]).toEqual({
    kind: "reference",
    service: "web",
    property: "privateUrl",
    ...(port === undefined ? {} : { port }),
  });
});
