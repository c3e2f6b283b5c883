import { expect, test } from "vitest";
import { refusals } from "../../testing/spec-text.ts";

test("a disk on the free plan is refused", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: free
    disk: { mount: /data, sizeGb: 1 }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "9:5   services/web/disk: a service on the free plan cannot have a disk. Use plan: starter or a larger one.",
    ]
  `);
});

test("a disk with several instances is refused", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    instances: 2
    disk: { mount: /data, sizeGb: 1 }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "9:5   services/web/instances: a service with a disk runs as one instance. Remove it, or keep the data in a database.",
    ]
  `);
});

test("a disk with autoscaling is refused", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    autoscale: { min: 1, max: 2, cpuPercent: 70 }
    disk: { mount: /data, sizeGb: 1 }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "9:5   services/web/autoscale: a service with a disk runs as one instance. Remove it, or keep the data in a database.",
    ]
  `);
});

test("a disk at /etc is refused", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    disk: { mount: /etc, sizeGb: 1 }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "9:13   services/web/disk/mount: Render mounts no disk at /etc. Use a directory of your own, such as /var/data.",
    ]
  `);
});

test("a disk at /opt/render/project/src is refused", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    disk: { mount: /opt/render/project/src, sizeGb: 1 }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "9:13   services/web/disk/mount: Render mounts no disk at /opt/render/project/src. Use a directory of your own, such as /var/data.",
    ]
  `);
});

test("persisted paths that overlap or repeat are refused", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    disk: { mount: /data, sizeGb: 1, persist: [logs, logs/today, x, x] }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "9:54   services/web/disk/persist/1: "logs/today" is inside "logs", which is persisted already. Remove it.",
      "9:69   services/web/disk/persist/3: "x" is listed twice. Remove it.",
    ]
  `);
});

test("persisted paths need the runtime, which links them", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: docker
    plan: starter
    disk: { mount: /data, sizeGb: 1, persist: [logs] }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "8:38   services/web/disk/persist: nothing links these to the disk, because the service does not run under the runtime. Set supervise: true, or let the app write under the mount itself and remove persist.",
    ]
  `);
});

test("volumes of a container that overlap are refused", () => {
  const found = refusals(`
vms:
  main: { address: 203.0.113.10, hostKey: "ssh-ed25519 AAAA", key: { secret: KEY } }
secrets: { KEY: {} }

services:
  box: { type: container, source: { image: nginx }, volumes: [{ host: /a, container: /data }, { host: /b, container: /data/x }] }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "7:107   services/box/volumes/1/container: /data/x overlaps with /data. Mount one directory that contains both, or two separate ones.",
    ]
  `);
});

test("a disk at /etc/secrets/a hides the system and is refused", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    disk: { mount: /etc/secrets/a, sizeGb: 1 }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "9:13   services/web/disk/mount: Render mounts no disk at /etc/secrets/a. Use a directory of your own, such as /var/data.",
    ]
  `);
});

test("a disk at /usr/local hides the system and is refused", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    disk: { mount: /usr/local, sizeGb: 1 }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "9:13   services/web/disk/mount: Render mounts no disk at /usr/local. Use a directory of your own, such as /var/data.",
    ]
  `);
});

test("a disk at /proc hides the system and is refused", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    disk: { mount: /proc, sizeGb: 1 }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "9:13   services/web/disk/mount: Render mounts no disk at /proc. Use a directory of your own, such as /var/data.",
    ]
  `);
});

test("a disk at /dev/shm hides the system and is refused", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    disk: { mount: /dev/shm, sizeGb: 1 }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "9:13   services/web/disk/mount: Render mounts no disk at /dev/shm. Use a directory of your own, such as /var/data.",
    ]
  `);
});

test("a disk below the source directory is allowed", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    disk: { mount: /opt/render/project/src/data, sizeGb: 1 }
`);

  expect(found).toMatchInlineSnapshot(`[]`);
});
