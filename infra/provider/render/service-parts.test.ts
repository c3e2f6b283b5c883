import { expect, test } from "vitest";
import { FIXTURES } from "../../testing/render-fixtures.ts";
import {
  OWNER,
  type Prerequisites,
  makePrerequisites,
} from "../../testing/render-prerequisites.ts";
import {
  destroy,
  RenderInProcess,
  type ResourceState,
  type ResourceSubject,
  refresh,
  up,
} from "../../testing/render-in-process.ts";
import type { TreeObject } from "../kit/property-tree.ts";
import { RENDER_TYPES } from "./resource-types.ts";

async function sceneOf(name: string, base?: Scene): Promise<Scene> {
  const type = RENDER_TYPES.find(({ contract }) => contract.token === `render:index:${name}`);
  const fixture = FIXTURES.find((it) => it.name === name);
  if (!type || !fixture) throw new Error(`unreachable: there is no ${name}`);
  const render = base?.render ?? new RenderInProcess();
  const at = base?.at ?? (await makePrerequisites(render));
  const urn = `urn:pulumi:test::opspec::render:index:${name}::thing`;
  return { render, at, subject: { type, urn, render }, first: fixture.first(at) };
}

interface Scene {
  readonly render: RenderInProcess;
  readonly at: Prerequisites;
  readonly subject: ResourceSubject;
  readonly first: TreeObject;
}

async function converge(
  { subject }: Scene,
  state: ResourceState | undefined,
  inputs: TreeObject,
): Promise<ResourceState> {
  const outcome = await up(subject, state, inputs);
  if (outcome.error || !outcome.state) throw outcome.error;
  return outcome.state;
}

function without(inputs: TreeObject, ...keys: string[]): TreeObject {
  return Object.fromEntries(Object.entries(inputs).filter(([key]) => !keys.includes(key)));
}

function writes({ render }: Scene): string[] {
  return render.calls
    .filter((it) => !it.startsWith("GET"))
    .map((it) => it.replaceAll(/(srv|dsk|evg|evm)-[0-9a-v]+/g, "$1"));
}

function domainNames({ render }: Scene): string[] {
  return Object.values(render.state.customDomains)
    .map(({ name }) => name)
    .toSorted();
}

test("a new service is linked before the deploy that is waited for", async () => {
  const scene = await sceneOf("BackgroundWorker");
  await converge(scene, undefined, scene.first);

  expect(writes(scene)).toEqual([
    "POST /services",
    "POST /env-groups/evg/services/srv",
    "POST /services/srv/deploys",
  ]);
});

test("a new service without links is deployed once", async () => {
  const scene = await sceneOf("BackgroundWorker");
  await converge(scene, undefined, without(scene.first, "envGroups"));

  expect(writes(scene)).toEqual(["POST /services"]);
});

test("the links and domains of others are left alone, those that are no longer declared go", async () => {
  const scene = await sceneOf("WebService");
  const made = await converge(scene, undefined, scene.first);
  await scene.render.api("POST", `/env-groups/${scene.at.groups[1]}/services/${made.id}`);
  await scene.render.api("POST", `/services/${made.id}/custom-domains`, {
    name: "dash.example.com",
  });

  const bare = without(scene.first, "envGroups", "domains");
  const state = await converge(scene, made, bare);

  expect(domainNames(scene)).toEqual(["dash.example.com"]);
  const [alpha, beta] = scene.at.groups.map((id) => scene.render.state.envGroups[id]?.serviceIds);
  expect([alpha, beta]).toEqual([[], [made.id]]);
  expect((await refresh(scene.subject, state))?.inputs).toEqual(bare);
});

test("a service is unlinked from a group of its environment before it moves, and linked again", async () => {
  const scene = await sceneOf("BackgroundWorker");
  const [one, two] = scene.at.environments;
  const inside = { name: "inside", ownerId: OWNER, envVars: [], environmentId: one };
  const { id: group } = (await scene.render.api("POST", "/env-groups", inside)) as { id: string };
  const [shared] = scene.at.groups;
  const first = { ...scene.first, envGroups: [shared, group] };
  const made = await converge(scene, undefined, first);
  scene.render.calls.length = 0;

  // The group stays in its environment, so it cannot be linked again.
  const { state, error } = await up(scene.subject, made, { ...first, environmentId: two });

  expect(String(error)).toContain(`scoped to environment ${one}`);
  expect(writes(scene).slice(0, 3)).toEqual([
    "DELETE /env-groups/evg/services/srv",
    "DELETE /environments/evm/resources",
    "POST /environments/evm/resources",
  ]);
  await scene.render.api("POST", `/environments/${two}/resources`, { resourceIds: [group] });
  await converge(scene, state, { ...first, environmentId: two });
  expect(scene.render.state.envGroups[group]?.serviceIds).toEqual([made.id]);
  expect(scene.render.state.envGroups[shared]?.serviceIds).toEqual([made.id]);
});

test("a group that leaves its environment is unlinked, and its service links it again", async () => {
  const scene = await sceneOf("EnvGroup");
  const service = await sceneOf("BackgroundWorker", scene);
  const [one, two] = service.at.environments;
  const group = await converge(scene, undefined, { ...scene.first, environmentId: one });
  const links = { ...service.first, environmentId: one, envGroups: [group.id] };
  const linked = await converge(service, undefined, links);

  await converge(scene, group, { ...scene.first, environmentId: two });
  expect(scene.render.state.envGroups[group.id]?.serviceIds).toEqual([]);
  await converge(service, linked, { ...links, environmentId: two });

  expect(scene.render.state.envGroups[group.id]?.serviceIds).toEqual([linked.id]);
  expect(scene.render.state.services[linked.id]?.environmentId).toBe(two);
});

test("a sibling that Render adds is not ours, and may be declared too", async () => {
  const scene = await sceneOf("WebService");
  const apex = { ...scene.first, domains: ["example.org"] };
  const made = await converge(scene, undefined, apex);
  expect(domainNames(scene)).toEqual(["example.org", "www.example.org"]);
  expect((await refresh(scene.subject, made))?.inputs).toEqual(apex);

  const both = { ...scene.first, domains: ["www.example.org", "example.org"] };
  const declared = await converge(scene, made, both);
  await converge(scene, declared, { ...scene.first, domains: ["www.example.org"] });

  expect(domainNames(scene)).toContain("www.example.org");
});

test("a disk that is given up makes room for more instances in one update", async () => {
  const scene = await sceneOf("WebService");
  const made = await converge(scene, undefined, scene.first);
  const inputs = { ...without(scene.first, "disk"), numInstances: 2, allowDataLoss: true };

  const state = await converge(scene, made, inputs);

  expect(Object.keys(scene.render.state.disks)).toEqual([]);
  expect((await refresh(scene.subject, state))?.inputs).toEqual(inputs);
});

test("a disk is not given up without consent, and nothing is written", async () => {
  const scene = await sceneOf("WebService");
  const made = await converge(scene, undefined, scene.first);
  scene.render.calls.length = 0;

  const { state, error } = await up(scene.subject, made, without(scene.first, "disk"));

  expect(String(error)).toContain("loses what is on the disk");
  expect([state, scene.render.calls]).toEqual([made, []]);
});

test("while somebody scales by load, the number of instances is no drift", async () => {
  const scene = await sceneOf("PrivateService");
  const made = await converge(scene, undefined, scene.first);
  await scene.render.api("PUT", `/services/${made.id}/autoscaling`, {
    enabled: true,
    min: 3,
    max: 5,
    criteria: {
      cpu: { enabled: true, percentage: 50 },
      memory: { enabled: false, percentage: 50 },
    },
  });

  expect((await refresh(scene.subject, made))?.inputs).toEqual(made.inputs);
});

test.each([
  ["name", "other"],
  ["domains", []],
  ["autoDeployTrigger", "off"],
  ["previews", "automatic"],
  ["ipAllowList", []],
])("a change of %s alone is no deploy", async (key, value) => {
  const scene = await sceneOf("WebService");
  const made = await converge(scene, undefined, scene.first);
  scene.render.calls.length = 0;

  await converge(scene, made, { ...scene.first, [key]: value } as TreeObject);

  expect(writes(scene).some((it) => it.endsWith("/deploys"))).toBe(false);
});

test("a deploy that is queued behind another one is waited for", async () => {
  const scene = await sceneOf("BackgroundWorker");
  const made = await converge(scene, undefined, scene.first);
  Object.assign(scene.render.state.settings, { deployPolicy: "wait" });

  await converge(scene, made, { ...scene.first, plan: "pro" });

  const deploys = Object.values(scene.render.state.deploys).filter(
    (it) => it.serviceId === made.id,
  );
  expect(deploys).toHaveLength(3);
});

test("a suspended service is changed and not deployed", async () => {
  const scene = await sceneOf("BackgroundWorker");
  const made = await converge(scene, undefined, scene.first);
  await scene.render.api("POST", `/services/${made.id}/suspend`);
  scene.render.calls.length = 0;

  await converge(scene, made, { ...scene.first, plan: "pro" });

  expect(writes(scene)).toEqual(["PATCH /services/srv"]);
});

test("a deploy that is still owed is made up for, whatever else changes and whoever refreshes", async () => {
  const scene = await sceneOf("BackgroundWorker");
  const made = await converge(scene, undefined, scene.first);
  const wanted = { ...scene.first, env: { TZ: "UTC" } };
  scene.render.failDeploys(1);
  const { state: failed } = await up(scene.subject, made, wanted);
  if (!failed) throw new Error("unreachable: a failed update keeps what exists");

  const refreshed = { id: failed.id, ...(await refresh(scene.subject, failed)) } as ResourceState;
  scene.render.calls.length = 0;
  const state = await converge(scene, refreshed, { ...wanted, name: "other" });

  expect(writes(scene)).toEqual([
    "PUT /services/srv/env-vars/OPSPEC_DEPLOY_OWED",
    "PATCH /services/srv",
    "POST /services/srv/deploys",
    "DELETE /services/srv/env-vars/OPSPEC_DEPLOY_OWED",
  ]);
  expect(state.outputs).toEqual(made.outputs);
});

test("a variable that moved from late to the service's own stays, also when the run that moved it was killed", async () => {
  const scene = await sceneOf("PrivateService");
  const made = await converge(scene, undefined, scene.first);
  const lateType = RENDER_TYPES.find(
    ({ contract }) => contract.token === "render:index:ServiceEnv",
  );
  if (!lateType) throw new Error("unreachable: there is no ServiceEnv");
  const late = { ...scene.subject, type: lateType, urn: `${scene.subject.urn}-late` };
  const lateInputs = { serviceId: made.id, env: { MOVED: "1", DROPPED: "1" } };
  const { state: lateState } = await up(late, undefined, lateInputs);
  if (!lateState) throw new Error("unreachable: the late variables are made");
  const wanted = { ...scene.first, env: { TZ: "UTC", MOVED: "1" } };
  const moved = await converge(scene, made, wanted);

  const client = scene.render.newClient();
  await up({ ...scene.subject, client }, moved, wanted);
  await destroy({ ...late, client }, lateState);

  const variables = scene.render.state.services[made.id]?.envVars.map(({ key }) => key);
  expect(variables).toContain("MOVED");
  expect(variables).not.toContain("DROPPED");
});
