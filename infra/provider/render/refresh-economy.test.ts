import { expect, test } from "vitest";
import { FIXTURES } from "../../testing/render-fixtures.ts";
import { makePrerequisites } from "../../testing/render-prerequisites.ts";
import { refresh, RenderInProcess, up } from "../../testing/render-in-process.ts";
import { RENDER_TYPES } from "./resource-types.ts";

/** Lists that all resources of a type share; environments are listed by project. */
const LISTS = [
  "GET /services",
  "GET /env-groups",
  "GET /projects",
  "GET /environments",
  "GET /postgres",
  "GET /key-value",
  "GET /registrycredentials",
];

/** Calls for each service besides the lists: its newest deploy and its declared collections. */
const COLLECTIONS: Readonly<Record<string, readonly string[]>> = {
  WebService: ["deploys", "env-vars", "secret-files", "custom-domains"],
  PrivateService: ["deploys", "env-vars", "secret-files"],
  BackgroundWorker: ["deploys", "env-vars", "secret-files"],
  CronJob: ["deploys", "env-vars", "secret-files"],
  StaticSite: ["deploys", "env-vars", "secret-files", "custom-domains", "headers", "routes"],
  ServiceEnv: ["env-vars"],
};

async function sceneOf(name: string) {
  const render = new RenderInProcess();
  const at = await makePrerequisites(render);
  const type = RENDER_TYPES.find(({ contract }) => contract.token === `render:index:${name}`);
  const fixture = FIXTURES.find((it) => it.name === name);
  if (!type || !fixture) throw new Error(`unreachable: there is no type ${name}`);
  const urn = `urn:pulumi:t::p::render:index:${name}::it`;
  return { render, subject: { type, urn, render }, first: fixture.first(at) };
}

test("a refresh costs one list a type, and one call for each declared collection of each service", async () => {
  const render = new RenderInProcess();
  const at = await makePrerequisites(render);
  const made = [];
  for (const { name, first } of FIXTURES) {
    const type = RENDER_TYPES.find(({ contract }) => contract.token === `render:index:${name}`);
    if (!type) throw new Error(`unreachable: there is no type ${name}`);
    const subject = { type, urn: `urn:pulumi:t::p::render:index:${name}::it`, render };
    const { state, error } = await up(subject, undefined, first(at));
    if (!state) throw error;
    made.push({ name, subject, state });
  }
  render.calls.length = 0;

  const client = render.newClient();
  await Promise.all(made.map(({ subject, state }) => refresh(subject, state, client)));

  const expected = made.flatMap(({ name, state }) => [
    ...(COLLECTIONS[name] ?? []).map((segment) => `GET /services/${state.id}/${segment}`),
    ...(name === "EnvGroup" ? [`GET /env-groups/${state.id}`] : []),
  ]);
  expect(render.calls.toSorted()).toEqual([...LISTS, ...expected].toSorted());
});

test("what declares no items of what others share asks for none of it", async () => {
  const { render, subject, first } = await sceneOf("WebService");
  const nothing = { env: {}, secretFiles: {}, envGroups: [], domains: [] };
  const { state, error } = await up(subject, undefined, { ...first, ...nothing });
  if (!state) throw error;
  render.calls.length = 0;

  const read = await refresh(subject, state);

  expect(render.calls).toEqual(["GET /services", `GET /services/${state.id}/deploys`]);
  expect(read?.inputs).toEqual(state.inputs);
});

test("of a service without variables, the note of an owed deploy is looked for when it has drifted", async () => {
  const { render, subject, first } = await sceneOf("CronJob");
  const { env: _env, secretFiles: _files, ...bare } = first;
  const { state, error } = await up(subject, undefined, { ...bare, envGroups: [] });
  if (!state) throw error;
  await render.api("PATCH", `/services/${state.id}`, {
    serviceDetails: { schedule: "1 1 1 1 1" },
  });
  render.calls.length = 0;

  await refresh(subject, state);

  expect(render.calls).toEqual([
    "GET /services",
    `GET /services/${state.id}/env-vars`,
    `GET /services/${state.id}/deploys`,
  ]);
});

test("late variables and the service's own are read with one call", async () => {
  const render = new RenderInProcess();
  const at = await makePrerequisites(render);
  const typeOf = (name: string) => {
    const type = RENDER_TYPES.find(({ contract }) => contract.token.endsWith(`:${name}`));
    if (!type) throw new Error(`unreachable: there is no type ${name}`);
    return { type, urn: `urn:pulumi:t::p::render:index:${name}::it`, render };
  };
  const late = typeOf("ServiceEnv");
  const inputs = { serviceId: at.service, env: { A: "1" } };
  const { state } = await up(late, undefined, inputs);
  const own = typeOf("PrivateService");
  render.calls.length = 0;

  const client = render.newClient();
  const service = { id: at.service, inputs: { env: { B: "1" } }, outputs: {} };
  await refresh(own, service, client);
  if (state) await refresh(late, state, client);

  expect(render.calls).toEqual([
    `GET /services/${at.service}`,
    `GET /services/${at.service}/env-vars`,
    `GET /services/${at.service}/deploys`,
  ]);
});
