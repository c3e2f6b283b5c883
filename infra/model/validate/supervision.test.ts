import { expect, test } from "vitest";
import { refusals } from "../../testing/spec-text.ts";

const DOCKER = `type: web, source: { repo: "https://example.com/a" }, runtime: docker, plan: starter`;

test("what only the runtime reads is refused where there is none", () => {
  expect(
    refusals(`
databases: { main: { version: 17, plan: basic_1gb } }
services:
  web: { ${DOCKER}, healthPreset: opspec, checks: { db: { postgres: { database: main } } } }
`),
  ).toMatchInlineSnapshot(`
    [
      "4:96   services/web/healthPreset: is used by the runtime, and this service does not run under the runtime. Set supervise: true, or remove it.",
      "4:118   services/web/checks: is used by the runtime, and this service does not run under the runtime. Set supervise: true, or remove it.",
    ]
  `);
});

test("an image under the runtime says how its app is started", () => {
  expect(
    refusals(`
services:
  web: { ${DOCKER}, supervise: true }
`),
  ).toMatchInlineSnapshot(`
    [
      "3:3   services/web/start: is missing: the runtime starts the app and needs its command. Set start: to the command of its Dockerfile.",
    ]
  `);
});

test.each([
  "gunicorn app:app --bind 0.0.0.0:8000",
  "node a.js --port 8000",
  "node a.js --port=8000",
  "serve -p 8000",
])("an app that takes the port of the runtime in front of it is refused: %s", (start) => {
  expect(
    refusals(`
services:
  web: { ${DOCKER}, supervise: true, port: 8000, start: "${start}" }
`),
  ).toHaveLength(1);
});

test("an app with another port, with $PORT, or with ops paths elsewhere keeps its start", () => {
  expect(
    refusals(`
services:
  a: { ${DOCKER}, supervise: true, port: 8000, start: "node a.js --port 80001" }
  b: { ${DOCKER}, supervise: true, port: 8000, start: "node a.js --port $PORT" }
  c: { ${DOCKER}, supervise: { opsPort: 9600 }, port: 8000, start: "node a.js --port 8000" }
`),
  ).toEqual([]);
});

test("the ops port is a port of its own, and not given beside front", () => {
  expect(
    refusals(`
services:
  a: { ${DOCKER}, supervise: { opsPort: 8000 }, port: 8000, start: node a.js }
  b: { ${DOCKER}, supervise: { opsPort: 9600, front: true }, port: 8000, start: node a.js }
`),
  ).toMatchInlineSnapshot(`
    [
      "3:107   services/a/supervise/opsPort: is the port of the app. Choose another one.",
      "4:107   services/b/supervise/opsPort: cannot be combined with front: true. Keep one of them.",
    ]
  `);
});

test("a job calls a service whose runtime listens somewhere", () => {
  expect(
    refusals(`
services:
  a: { ${DOCKER}, supervise: { front: false }, start: node a.js }
jobs:
  digest: { uses: digest, schedule: { every: 1h }, on: render, calls: a }
`),
  ).toMatchInlineSnapshot(`
    [
      "5:64   jobs/digest/calls: the runtime of "a" listens on no port. Give services/a/supervise front: true or an opsPort:.",
    ]
  `);
});

test("what is remembered in a file is on the disk", () => {
  expect(
    refusals(`
services:
  a: { ${DOCKER}, supervise: true, start: node a.js, stores: { records: { sqlite: logs/state.db } } }
  b:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    disk: { mount: /data, sizeGb: 1, persist: [logs] }
    stores: { records: { sqlite: logs/state.db }, coordination: { sqlite: /data/locks.db }, history: { file: out/jobs.jsonl } }
`),
  ).toMatchInlineSnapshot(`
    [
      "3:150   services/a/stores/records/sqlite: "logs/state.db" is not on the disk: the next deploy would remove it. Give the service a disk.",
      "11:104   services/b/stores/history/file: "out/jobs.jsonl" is not on the disk: the next deploy would remove it. Add it, or its directory, to disk/persist, or put it below the mount.",
    ]
  `);
});
