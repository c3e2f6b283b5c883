import { expect, test } from "vitest";
import { modelOf } from "../testing/spec-text.ts";

const JOBS = `
jobs:
  sweep: { command: node sweep.js, schedule: { every: 1h }, in: api }
  digest: { uses: digest, schedule: { every: 1h }, on: render, calls: api }
  nightly: { command: make "night run", schedule: { every: 1h }, on: render, like: api }
  own: { schedule: { every: 1h }, by: app }
`;

const service = (rest: string): string => `
services:
  api: { type: web, source: { repo: "https://example.com/a" }, disk: { mount: /data, sizeGb: 1 }, ${rest} }
${JOBS}`;

test("the build of a native service fails when what its jobs run is not there, and names the job", () => {
  const { services, jobs } = modelOf(
    service("runtime: node, start: node a.js, build: make, plan: starter"),
  );

  expect(services[0]?.buildCommand).toMatch(
    / && \.opspec\/opspec-runtime probe digest --command 'nightly=make "night run"' --command 'sweep=node sweep\.js'$/,
  );
  expect(services[0]?.preDeployCommand).toBeUndefined();
  expect(jobs.find((it) => it.key === "nightly")?.buildCommand).toMatch(
    / && \.opspec\/opspec-runtime probe --command 'nightly=make "night run"'$/,
  );
});

test("an image is asked before it is started, and before a cron job of it is made", () => {
  const { services, jobs } = modelOf(
    service("runtime: docker, supervise: true, start: node a.js, plan: starter"),
  );

  expect(services[0]?.preDeployCommand).toBe(
    `/opt/opspec/opspec-runtime probe digest --command 'nightly=make "night run"' --command 'sweep=node sweep.js'`,
  );
  expect(jobs.map((it) => [it.key, it.like])).toEqual([
    ["digest", undefined],
    ["nightly", "api"],
  ]);
});

test("a pre-deploy command of its own runs after the probe", () => {
  const { services } = modelOf(`
services:
  api: { type: web, source: { repo: "https://example.com/a" }, runtime: docker, supervise: true, start: node a.js, plan: starter, preDeploy: make it's }
jobs:
  sweep: { command: node sweep.js, schedule: { every: 1h }, in: api }
`);

  expect(services[0]?.preDeployCommand).toBe(
    String.raw`sh -c '/opt/opspec/opspec-runtime probe --command '\''sweep=node sweep.js'\'' && make it'\''s'`,
  );
});

test("an image without jobs is not asked, and the free plan has nobody to ask it", () => {
  const { services } = modelOf(`
services:
  a: { type: web, source: { repo: "https://example.com/a" }, runtime: docker, supervise: true, start: node a.js, plan: starter }
  b: { type: web, source: { repo: "https://example.com/a" }, runtime: docker, supervise: true, start: node a.js, plan: free }
jobs:
  sweep: { command: node sweep.js, schedule: { every: 1h }, in: b }
`);

  expect(services.map((it) => it.preDeployCommand)).toEqual([undefined, undefined]);
});
