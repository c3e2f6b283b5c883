import { expect, test } from "vitest";
import { observedShop, SHOP, SHOP_PROJECT, SHOP_SECRET } from "../../infra/testing/shop.ts";
import { renderFinding } from "./finding.ts";
import type { ObservedStack } from "./observed.ts";
import { localReach, type Reach } from "./reach.ts";
import { slotsFor } from "./slots.ts";
import { verifyStack } from "./verify.ts";

const INTERNET: Reach = {
  hasDns: true,
  locate: (url) => url,
  http: async () => ({ status: 200, text: '{"ok":true,"version":3}' }),
};

async function linesOf(observed: ObservedStack, reach = INTERNET): Promise<string[]> {
  const findings = await verifyStack({ ...SHOP, project: SHOP_PROJECT }, observed, reach);
  return findings.map(renderFinding);
}

test("everything as it must be is ok, line by line, and what cannot be seen is said", async () => {
  expect((await linesOf(observedShop())).join("\n")).toMatchInlineSnapshot(`
    "ok           environment production of project Shop exists
    ok           environment production of project Shop is protected
    ok           environment production of project Shop shares its network
    ok           every resource is in environment production of project Shop
    ok           database main is available
    ok           database main has plan basic_1gb
    ok           database main is version 17
    ok           database main has 15 GB
    ok           database main has its other settings
    ok           key-value store queue is available
    ok           key-value store queue has plan starter
    ok           key-value store queue evicts by noeviction
    ok           key-value store queue persists by snapshot
    ok           key-value store queue has its other settings
    ok           env group shared has its variables
    ok           env group shared has its other settings
    ok           service api is live
    ok           service api comes from https://github.com/example/shop, branch main
    ok           service api has its commands
    ok           service api has plan standard
    ok           service api has 2 instance(s)
    ok           service api has its other settings
    ok           service api has its environment
    ok           service api is linked to shared
    ok           service api has the file cert.pem
    ok           service api has the file motd
    ok           service api has the domain api.example.com
    ok           DNS of api.example.com points to it
    ok           static site site is live
    ok           static site site comes from https://github.com/example/shop, branch main
    ok           static site site is built by npm run build
    ok           static site site publishes dist
    ok           static site site has its other settings
    ok           static site site has its environment
    ok           job nightly is live
    ok           job nightly runs at daily 03:00 UTC
    ok           job nightly comes from example.com/runtime@sha256:000000000000…
    ok           job nightly has its commands
    ok           job nightly has plan starter
    ok           job nightly has its other settings
    ok           job nightly has its environment
    ok           job nightly has the file opspec-manifest.json
    ok           secret TOKEN is the same in 2 places
    not checked  job sweep runs in api, every 5m: no public service with the runtime shares its state store
    ok           api answers /health with 200 and its JSON
    not checked  job nightly ran within 90000 s: no public service with the runtime shares its state store"
  `);
});

test("a cloud without names and processes leaves those checks open", async () => {
  const lines = await linesOf(observedShop(), localReach(slotsFor(1)));

  expect(lines).toContain(
    "not checked  DNS of api.example.com points to it: public DNS names cannot point to this cloud",
  );
  expect(lines).toContain(
    "not checked  api answers /health with 200 and its JSON: this cloud runs nothing",
  );
});

type Observed = ReturnType<typeof observedShop>;

test.each<[string, (it: Observed) => void, string]>([
  [
    "a suspended service",
    ({ services }) => (services.api.service.suspended = "suspended"),
    "service api is live: it is suspended. Resume it in Render's dashboard.",
  ],
  [
    "a job that does not build",
    ({ jobs }) => (jobs.nightly.deploy = "build_failed"),
    "job nightly is live: its newest deploy is build_failed. Run opspec up.",
  ],
  [
    "a deploy that was canceled, as a refresh sees it too",
    ({ services }) => (services.api.deploy = "canceled"),
    "service api is live: its newest deploy is canceled. Run opspec up.",
  ],
  [
    "a deploy that is under way",
    ({ services }) => (services.api.deploy = "build_in_progress"),
    "service api is live: its newest deploy is build_in_progress. Wait for it, then run opspec verify again.",
  ],
  [
    "another plan",
    ({ services }) => (services.api.service.serviceDetails.plan = "starter"),
    "service api has plan standard: it is starter, not standard. Run opspec up.",
  ],
  [
    "an allow-list that was opened by hand",
    ({ databases }) =>
      Object.assign(databases.main.datastore, { ipAllowList: [{ cidrBlock: "0.0.0.0/0" }] }),
    "database main has its other settings: missing or different: ipAllowList. Run opspec up.",
  ],
  [
    "another name and another time of deploys",
    ({ services: { api } }) => Object.assign(api.service, { name: "other", autoDeploy: "no" }),
    "service api has its other settings: missing or different: autoDeploy, name. Run opspec up.",
  ],
  [
    "fewer instances",
    ({ services }) => (services.api.service.serviceDetails.numInstances = 1),
    "service api has 2 instance(s): it is 1, not 2. Run opspec up.",
  ],
  [
    "another branch",
    ({ services }) => (services.site.service.branch = "next"),
    "static site site comes from https://github.com/example/shop, branch main: it is next, not main. Run opspec up.",
  ],
  [
    "another start command",
    ({ services }) =>
      (services.api.service.serviceDetails.envSpecificDetails.startCommand = "node other.js"),
    "service api has its commands: startCommand is node other.js, not node server.js. Run opspec up.",
  ],
  [
    "another schedule",
    ({ jobs }) => (jobs.nightly.service.serviceDetails.schedule = "1 1 1 1 1"),
    "job nightly runs at daily 03:00 UTC: it is 1 1 1 1 1, not 0 3 * * *. Run opspec up.",
  ],
  [
    "a variable that differs, one that is missing, an address that moved",
    ({ services: { api } }) => {
      api.env = { MODE: "slow", SELF: "http://shop-api:10000/self", DB_HOST: "dpg-old-a" };
    },
    "service api has its environment: missing or different: DB_HOST, MODE, SITE_URL. Run opspec up.",
  ],
  [
    "a late variable that is missing",
    ({ services: { api } }) => delete api.env["SELF"],
    "service api has its environment: missing or different: SELF. Run opspec up.",
  ],
  [
    "a group's variable that one of the service's own hides",
    ({ services: { api } }) => (api.env["DATABASE_URL"] = "postgresql://elsewhere"),
    "service api has its environment: hidden by variables of the service that the spec does not declare: DATABASE_URL. Remove them in Render's dashboard.",
  ],
  [
    "a group that is not linked",
    ({ envGroups }) => (envGroups.shared.linked = []),
    "service api has its environment: missing or different: DATABASE_URL, TOKEN. Run opspec up.\nservice api is linked to shared: it is not linked to shared. Run opspec up.",
  ],
  [
    "a file that differs and a secret one that is empty",
    ({ services: { api } }) => (api.secretFiles = { "cert.pem": "", motd: "other" }),
    "service api has the file cert.pem: it is missing or differs. Run opspec up.\nservice api has the file motd: it is missing or differs. Run opspec up.",
  ],
  [
    "a domain that nobody pointed here",
    ({ services: { api } }) => (api.domains = { "api.example.com": "unverified" }),
    "DNS of api.example.com points to it: Render reports it as unverified. Point it to shop-api.onrender.com, then verify the domain in Render's dashboard.",
  ],
  [
    "a domain that is missing",
    ({ services: { api } }) => (api.domains = {}),
    "service api has the domain api.example.com: the domain is missing. Run opspec up.",
  ],
  [
    "a secret with two values",
    ({ jobs }) => (jobs.nightly.env["TOKEN"] = `another-${SHOP_SECRET}`),
    "secret TOKEN is the same in 2 places: envGroups/shared/env/TOKEN differs from jobs/nightly/env/TOKEN. Run opspec up.",
  ],
  [
    "a database that restarts, and one more version",
    ({ databases: { main } }) =>
      Object.assign(main.datastore, { status: "creating", version: "16" }),
    "database main is available: its status is creating. Check it in Render's dashboard.\ndatabase main is version 17: it is 16, not 17. Upgrade it in Render's dashboard.",
  ],
  [
    "a store that evicts",
    ({ keyValues: { queue } }) => (queue.datastore.options.maxmemoryPolicy = "allkeys_lru"),
    "key-value store queue evicts by noeviction: it is allkeys_lru, not noeviction. Run opspec up.",
  ],
  [
    "what stands outside the environment",
    ({ jobs, databases }) => {
      jobs.nightly.service.environmentId = "";
      databases.main.datastore.environmentId = "evm-2";
    },
    "every resource is in environment production of project Shop: outside of it: jobs/nightly, databases/main. Run opspec up.",
  ],
  [
    "an environment that everybody may change",
    ({ environment }) => (environment.protectedStatus = "unprotected"),
    "environment production of project Shop is protected: it is unprotected, not protected. Run opspec up.",
  ],
])("%s is found, and nothing else is", async (_what, change, expected) => {
  const observed = observedShop();
  change(observed);

  const failed = (await linesOf(observed)).filter((it) => it.startsWith("FAILED"));

  expect(failed.map((it) => it.replace(/^FAILED +/, "")).join("\n")).toBe(expected);
  expect(failed.join("\n")).not.toContain(SHOP_SECRET);
});

test("what is gone is one line, whatever it had", async () => {
  const none = {
    services: {},
    jobs: {},
    envGroups: {},
    databases: {},
    keyValues: {},
    registries: {},
  };

  const failed = (await linesOf(none)).filter((it) => it.startsWith("FAILED"));

  expect(failed.join("\n")).toMatchInlineSnapshot(`
    "FAILED       environment production of project Shop exists: it does not exist. Run opspec up.
    FAILED       database main is available: it does not exist. Run opspec up.
    FAILED       key-value store queue is available: it does not exist. Run opspec up.
    FAILED       env group shared exists: it does not exist. Run opspec up.
    FAILED       service api is live: it does not exist. Run opspec up.
    FAILED       static site site is live: it does not exist. Run opspec up.
    FAILED       job nightly is live: it does not exist. Run opspec up.
    FAILED       api answers /health with 200 and its JSON: it is not deployed. Run opspec up."
  `);
});

test.each([
  ["it answered 503.", { status: 503, text: "" }],
  ["its answer is not a JSON object.", { status: 200, text: "<html>" }],
  ["missing or different in the answer: ok.", { status: 200, text: '{"ok":false}' }],
  ["no answer: connect ECONNREFUSED.", "connect ECONNREFUSED"],
])("an answer that is not the declared one: %s", async (reason, answer) => {
  const lines = await linesOf(observedShop(), { ...INTERNET, http: async () => answer });

  expect(lines).toContain(`FAILED       api answers /health with 200 and its JSON: ${reason}`);
});
