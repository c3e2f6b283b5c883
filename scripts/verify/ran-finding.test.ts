import { createServer } from "node:http";
import { expect, test } from "vitest";
import { modelOf } from "../../infra/testing/spec-text.ts";
import { deploymentOf } from "./deployment.ts";
import { renderFinding } from "./finding.ts";
import type { ObservedService, ObservedStack } from "./observed.ts";
import { ranFinding } from "./ran-finding.ts";
import { type HttpAnswer, localReach, type Reach } from "./reach.ts";
import { inServiceFinding } from "./in-service-finding.ts";
import { slotsFor } from "./slots.ts";

const TOKEN = "the-token";

const MODEL = modelOf(`
databases: { main: { version: 17, plan: basic_1gb } }
stores: { records: { database: main } }
services:
  web: { type: web, source: { repo: "https://example.com/a" }, runtime: node, start: node a.js, plan: starter }
  loop: { type: worker, source: { repo: "https://example.com/a" }, runtime: node, start: node b.js, plan: starter, disk: { mount: /data, sizeGb: 1 }, stores: { records: { sqlite: /data/state.db } } }
jobs:
  sweep: { command: node a.js, schedule: { every: 1h }, in: web }
  trim: { uses: dead-letter-trim, schedule: { every: 1h }, on: render }
  lonely: { command: node b.js, schedule: { every: 1h }, in: loop }
`);

const [SWEEP, LONELY] = MODEL.inServiceJobs;

const observed = (url: string): ObservedStack => {
  const web: ObservedService = {
    service: { id: "srv-1", serviceDetails: { url } },
    env: { OPSPEC_OPS_TOKEN: TOKEN },
    secretFiles: {},
    deploy: "live",
    headers: [],
    routes: [],
    domains: {},
  };
  const none = { jobs: {}, envGroups: {}, databases: {}, keyValues: {}, registries: {} };
  return { ...none, services: { web } };
};

const answering = (answer: HttpAnswer | string, asked: string[] = []): Reach => ({
  hasDns: true,
  locate: (url) => url,
  http: async (url, { headers }) => {
    asked.push(`${url.pathname}${url.search} ${headers?.["authorization"]}`);
    return answer;
  },
});

const runs = (...agesSeconds: number[]): HttpAnswer => ({
  status: 200,
  text: JSON.stringify({
    runs: agesSeconds.map((it) => ({ startedAt: new Date(Date.now() - it * 1000).toISOString() })),
  }),
});

const deployment = () => deploymentOf(MODEL, observed("https://shop.onrender.com"));

const ran = async (job: string, reach: Reach): Promise<string> =>
  renderFinding(await ranFinding({ kind: "ran", job, withinSeconds: 7200 }, deployment(), reach));

test("a job ran in time when its runtime has a good record that is young enough", async () => {
  const asked: string[] = [];

  expect(await ran("sweep", answering(runs(60), asked))).toBe(
    "ok           job sweep ran within 7200 s",
  );
  expect(asked).toEqual([`/ops/runs?job=sweep&status=ok&limit=1 Bearer ${TOKEN}`]);
  expect(await ran("sweep", answering(runs(9000)))).toBe(
    "FAILED       job sweep ran within 7200 s: the last successful run started 9000 s ago. See /ops/jobs for later runs.",
  );
  expect(await ran("sweep", answering(runs()))).toBe(
    "FAILED       job sweep ran within 7200 s: no successful run is recorded. See /ops/jobs, or run it by hand.",
  );
});

const hoursAgo = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString();

/** A service with this deploy time, whose runtime has no successful run and these other runs. */
const ranSince = async (deployedAt: string, failed: HttpAnswer): Promise<string> => {
  const reach: Reach = {
    ...answering(runs()),
    http: async (url) => (url.searchParams.has("status") ? runs() : failed),
  };
  const { services, ...rest } = observed("https://shop.onrender.com");
  const web = services["web"] && { ...services["web"], deployedAt };
  const deployed = deploymentOf(MODEL, { ...rest, services: { web } });
  const check = { kind: "ran", job: "sweep", withinSeconds: 7200 } as const;
  return renderFinding(await ranFinding(check, deployed, reach));
};

test("a job that was not due since the deploy is not due yet, and one that failed or was due has failed", async () => {
  const failure =
    "FAILED       job sweep ran within 7200 s: no successful run is recorded. See /ops/jobs, or run it by hand.";

  expect(await ranSince(hoursAgo(0.5), runs())).toMatch(
    /^not checked {2}job sweep ran within 7200 s: not due yet: its first run is at \d{4}-\d\d-\d\d \d\d:\d\d UTC$/,
  );
  expect(await ranSince(hoursAgo(0.5), runs(60))).toBe(failure);
  expect(await ranSince(hoursAgo(2), runs())).toBe(failure);
});

test("a cron job's records are asked of a service that shares their store", async () => {
  expect(await ran("trim", answering(runs(60)))).toMatch(/^ok /);
});

test.each<[HttpAnswer | string, string]>([
  ["connect ECONNREFUSED", "web does not answer: connect ECONNREFUSED."],
  [{ status: 401, text: "{}" }, "web answered 401 at /ops/runs."],
  [{ status: 200, text: "<html>" }, "web answered without the expected JSON at /ops/runs."],
])("a runtime that tells nothing is a failure: %j", async (answer, reason) => {
  expect(await ran("sweep", answering(answer))).toBe(
    `FAILED       job sweep ran within 7200 s: ${reason}`,
  );
});

test("what nobody outside can tell, and what the cloud does not run, stays unchecked", async () => {
  expect(await ran("lonely", answering(runs(60)))).toBe(
    "not checked  job lonely ran within 7200 s: no public service with the runtime shares its state store",
  );
  expect(await ran("sweep", localReach(slotsFor(1)))).toBe(
    "not checked  job sweep ran within 7200 s: this cloud runs nothing",
  );
});

test("what the local cloud runs is asked on this machine", async () => {
  const server = createServer((request, response) => {
    const isAllowed = request.headers.authorization === `Bearer ${TOKEN}`;
    response.statusCode = isAllowed ? 200 : 401;
    response.end(runs(60).text);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const here = { "https://shop.onrender.com": `http://127.0.0.1:${port}` };

  expect(await ran("sweep", localReach(slotsFor(1), here))).toMatch(/^ok /);

  await new Promise((resolve) => server.close(resolve));
  expect(await ran("sweep", localReach(slotsFor(1), here))).toMatch(
    /^FAILED .* web does not answer: /,
  );
});

test("a job of a service is known to its runtime", async () => {
  const jobs = { status: 200, text: JSON.stringify({ jobs: [{ name: "sweep" }] }) };
  const none = { status: 200, text: JSON.stringify({ jobs: [] }) };
  const found = async (job: typeof SWEEP, reach: Reach): Promise<string> =>
    job ? renderFinding(await inServiceFinding(job, deployment(), reach)) : "";

  expect(await found(SWEEP, answering(jobs))).toBe("ok           job sweep runs in web, every 1h");
  expect(await found(SWEEP, answering(none))).toBe(
    "FAILED       job sweep runs in web, every 1h: its runtime does not know it. Run opspec up.",
  );
  expect(await found(LONELY, answering(jobs))).toMatch(/^not checked /);
});
