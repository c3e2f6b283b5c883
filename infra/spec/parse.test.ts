import { expect, test } from "vitest";
import { refusals, wholeRefusals } from "../testing/spec-text.ts";

test("a misspelt key at the top names the nearest", () => {
  const found = refusals(`
servics: {}
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "2:1   servics: is not a key here. Did you mean "services"?",
    ]
  `);
});

test("a misspelt key inside a block names the nearest", () => {
  const found = refusals(`
services:
  web: { type: web, source: { repo: "https://example.com/a" }, runtime: node, strat: node a.js, plan: starter }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "3:79   services/web/strat: is not a key here. Did you mean "start"?",
    ]
  `);
});

test("a key that resembles nothing lists the known ones", () => {
  const found = refusals(`
verify:
  - { http: web, zzzzzzzz: 1 }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "3:7   verify/0/http: there is no service "web". Declare it under services, or correct the name.",
      "3:18   verify/0/zzzzzzzz: is not a key here. Known here: channel, http, job, json, path, ranWithin, status.",
    ]
  `);
});

test("a misspelt key inside a union speaks about the variant that was meant, once", () => {
  const found = refusals(`
jobs:
  a: { uses: digest, schedule: { evry: 1h }, on: render, calls: web }
verify:
  - { htpp: web }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "3:34   jobs/a/schedule/evry: is not a key here. Did you mean "every"?",
      "3:58   jobs/a/calls: there is no service "web". Declare it under services, or correct the name.",
      "5:7   verify/0/htpp: is not a key here. Did you mean "http"?",
    ]
  `);
});

test("two variants of a union at once are refused by the stray key", () => {
  const found = refusals(`
secrets: { A: {} }
services:
  web:
    type: web
    source: { repo: "https://example.com/a", image: nginx }
    runtime: node
    start: node a.js
    plan: starter
    env: { A: { secret: A, url: web } }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "6:46   services/web/source/image: is not a key here. It belongs in the source: { image: … }.",
      "10:28   services/web/env/A/url: is not a key here. Known here: buildTime, secret.",
    ]
  `);
});

test("an empty file lists what it must have", () => {
  const found = wholeRefusals(`

`);

  expect(found).toMatchInlineSnapshot(`
    [
      "1:1   render: is missing. Add it, for example render: { owner: tea-cq1b2c3d4e5f6g7h8i9j }.",
      "1:1   system: is missing. Add it, for example system: vega-cockpit.",
    ]
  `);
});

test("a missing required key gives an example", () => {
  const found = wholeRefusals(`
system: shop
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "1:1   render: is missing. Add it, for example render: { owner: tea-cq1b2c3d4e5f6g7h8i9j }.",
    ]
  `);
});

test("a value of the wrong kind is told in human words", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: [node, a.js]
    plan: starter
    autoDeploy: maybe
    disk: { mount: /data, sizeGb: "5" }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "7:5   services/web/start: should be text, got a list.",
      "9:5   services/web/autoDeploy: should be true or false or checks-pass, got "maybe".",
      "10:27   services/web/disk/sizeGb: should be a number, got "5".",
    ]
  `);
});

test("a word that is not one of the known names the nearest", () => {
  const found = refusals(`
services:
  web: { type: wbe, source: { repo: "https://example.com/a" }, runtime: pyton, start: x, plan: starter, region: oregonn }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "3:10   services/web/type: should be web, private, worker, static or container, got "wbe". Did you mean "web"?",
      "3:64   services/web/runtime: should be docker, elixir, go, node, python, ruby or rust, got "pyton". Did you mean "python"?",
      "3:105   services/web/region: should be oregon, ohio, virginia, frankfurt or singapore, got "oregonn". Did you mean "oregon"?",
    ]
  `);
});

test("the value of a variable is never repeated, because it may be a secret", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    env: { KEY: [hunter2], OTHER: null }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "9:12   services/web/env/KEY: should be text, a number, true or false, { value: … }, { secret: … }, { url: … }, { privateUrl: … }, { database: … } or { keyValue: … }, got a list.",
      "9:28   services/web/env/OTHER: should be text, a number, true or false, { value: … }, { secret: … }, { url: … }, { privateUrl: … }, { database: … } or { keyValue: … }, got nothing.",
    ]
  `);
});

test("a stack cannot extend one that does not exist", () => {
  const found = refusals(`
extends: shopp
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "2:1   extends: there is no stack "shopp". Correct the name.",
    ]
  `);
});

test("shape errors do not hide errors of meaning elsewhere", () => {
  const found = refusals(`
services:
  web: { type: web, source: { image: nginx }, plan: starter, wat: 1 }
jobs:
  a: { uses: http, schedule: { every: 1h }, on: render, calls: wbe }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "3:62   services/web/wat: is not a key here. Known here: allowDataLoss, allowList, autoDeploy, autoscale, build, buildFilter, caches, checks, disk, docker, domains, env, envGroups, formerly, headers, health, healthPaths, healthPreset, instances, metricsKey, name, ops, plan, port, preDeploy, previews, publish, pulumi, region, routes, runtime, secretFiles, shutdown, source, start, stores, supervise, toggles, type, vm, volumes.",
      "5:57   jobs/a/calls: there is no service "wbe". Did you mean "web"?",
    ]
  `);
});

test("a list where a block belongs is refused", () => {
  const found = refusals(`
services: [web]
jobs: none
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "2:1   services: should be a block of keys, got a list.",
      "3:1   jobs: should be a block of keys, got "none".",
    ]
  `);
});

test("allowed examples of one of several forms are listed for a plain wrong value", () => {
  const found = refusals(`
jobs:
  a: { uses: http, schedule: hourly, on: render }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "3:20   jobs/a/schedule: should be { every: … }, { cron: … }, { daily: … }, { weekdays: … }, { manual: … } or { onStart: … }, got "hourly".",
    ]
  `);
});

test("a list at the top is one problem", () => {
  const found = wholeRefusals(`
- system: shop
- services: {}
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "1:1   should be a block of keys, got a list.",
    ]
  `);
});

test("a key of the top inside a block says where it belongs", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    envRules: []
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "9:5   services/web/envRules: is not a key here. envRules belongs at the top level.",
    ]
  `);
});

test("a key of a service at the top says where it belongs", () => {
  const found = refusals(`
preDeploy: make migrate
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "2:1   preDeploy: is not a key here. preDeploy belongs in a service.",
    ]
  `);
});

test("a host name with capitals says how it is written", () => {
  const found = refusals(`
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    domains: [WWW.Example.com, "https://x"]
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "9:15   services/web/domains/0: should be in lower case, got "WWW.Example.com".",
      "9:32   services/web/domains/1: should be a host name such as api.example.com, got "https://x".",
    ]
  `);
});

test("a hint never repeats what was typed", () => {
  const found = refusals(`
services:
  web: { type: web, source: { repo: "https://example.com/a" }, runtime: node, start: node a.js, plan: starter, schedule: { every: 1h } }
render: { owner: tea-00000000000000000001 }
`);

  expect(found.filter((it) => /([\w-]+)[": ].*Did you mean "\1"/.test(it))).toEqual([]);
});
