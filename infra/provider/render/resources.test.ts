import { expect, test } from "vitest";
import { FIXTURES } from "../../testing/render-fixtures.ts";
import { type Fixture, makePrerequisites, OWNER } from "../../testing/render-prerequisites.ts";
import {
  destroy,
  refresh,
  RenderInProcess,
  type ResourceState,
  up,
} from "../../testing/render-in-process.ts";
import { diff } from "../kit/diff.ts";
import { comparableOlds } from "../kit/imported.ts";
import { revealed, type TreeObject } from "../kit/property-tree.ts";
import { RENDER_TYPES } from "./resource-types.ts";

/** Inputs that an import cannot read: a token is never returned, so it is set. */
const SET_ON_IMPORT: Readonly<Record<string, readonly string[]>> = {
  RegistryCredential: ["authToken"],
};

/** Inputs that Render never returns, and the number of instances while autoscaling is on. */
const NOT_DRIFT = ["groupHashes", "numInstances", "authToken"];

async function sceneOf({ name, first, second }: Fixture) {
  const type = RENDER_TYPES.find(({ contract }) => contract.token === `render:index:${name}`);
  if (!type) throw new Error(`unreachable: there is no type ${name}`);
  const render = new RenderInProcess();
  const at = await makePrerequisites(render);
  const urn = `urn:pulumi:test::opspec::render:index:${name}::thing`;
  const subject = { type, urn, render };
  return { type, render, subject, at, first: first(at), second: second(at) };
}

type Scene = Awaited<ReturnType<typeof sceneOf>>;

async function make({ subject }: Scene, inputs: TreeObject): Promise<ResourceState> {
  const { state, error } = await up(subject, undefined, inputs);
  if (!state) throw error;
  return state;
}

function named(name: string): Fixture {
  const fixture = FIXTURES.find((it) => it.name === name);
  if (!fixture) throw new Error(`unreachable: there is no fixture ${name}`);
  return fixture;
}

test.each(FIXTURES)(
  "a second up of $name makes no call, and a refresh shows no drift",
  async (it) => {
    const scene = await sceneOf(it);
    const state = await make(scene, scene.first);
    scene.render.calls.length = 0;

    expect((await up(scene.subject, state, scene.first)).state).toBe(state);
    expect(scene.render.calls).toEqual([]);
    expect({ id: state.id, ...(await refresh(scene.subject, state)) }).toEqual(state);
  },
);

test.each(FIXTURES)(
  "what another program changed of a $name is drift, and nothing else is",
  async (it) => {
    const scene = await sceneOf(it);
    const state = await make(scene, scene.first);
    await up(scene.subject, state, scene.second);

    const read = await refresh(scene.subject, state);

    const { contract } = scene.type;
    const drift = diff(contract, scene.first, revealed(read?.inputs ?? {}));
    const changed = diff(contract, scene.first, scene.second).filter(
      ({ path: [key] }) => String(key) in scene.first && !NOT_DRIFT.includes(String(key)),
    );
    const keys = (changes: typeof drift): string[] => [
      ...new Set(changes.map((c) => String(c.path[0]))),
    ];
    expect(keys(drift)).toEqual(keys(changed));
  },
);

test.each(FIXTURES)("an import of $name differs in nothing from what was declared", async (it) => {
  const scene = await sceneOf(it);
  const { id } = await make(scene, scene.first);

  const read = await refresh(scene.subject, { id, inputs: {}, outputs: {} });

  const { contract } = scene.type;
  const imported = comparableOlds(contract, read?.inputs ?? {}, scene.first);
  const changes = diff(contract, revealed(imported), scene.first);
  expect(changes.map(({ path: [key] }) => key)).toEqual(SET_ON_IMPORT[it.name] ?? []);
  expect(JSON.stringify(revealed(read?.inputs ?? {}))).not.toContain("OPSPEC_RESOURCE");
});

test.each(FIXTURES)(
  "a $name that was deleted elsewhere is gone, and deleting it succeeds",
  async (it) => {
    const scene = await sceneOf(it);
    const state = await make(scene, scene.first);
    expect(await destroy(scene.subject, state)).toBe(true);

    const read = await refresh(scene.subject, state);

    // The service of the late variables still exists.
    if (it.name === "ServiceEnv") expect(read?.inputs).toEqual({ ...state.inputs, env: {} });
    else expect(read).toBeUndefined();
    expect(await destroy(scene.subject, state)).toBe(true);
  },
);

const UNMARKED = [
  "Project",
  "Postgres",
  "KeyValue",
  "RegistryCredential",
  "EnvGroup",
  "WebService",
];

test.each(UNMARKED)(
  "a %s of somebody else's is refused, and taken over with adopt: true",
  async (name) => {
    const scene = await sceneOf(named(name));
    const { id } = await make(scene, scene.first);
    const other = { ...scene.subject, urn: `${scene.subject.urn}-2` };

    const refused = await up(other, undefined, scene.first);
    const adopted = await up(other, undefined, { ...scene.first, adopt: true });

    const key = name === "Project" ? "render.project.pulumi" : "pulumi";
    expect(String(refused.error)).toMatch(
      new RegExp(
        `exists \\(${id}\\).*set ${key}: { import: ${id} } in the spec.*, or ${key}: { adopt: true }\\.`,
      ),
    );
    expect(refused.state).toBeUndefined();
    expect(adopted.state?.id).toBe(id);
  },
);

test("what cannot become what is declared is not taken over", async () => {
  const scene = await sceneOf(named("Postgres"));
  await make(scene, scene.first);
  const other = { ...scene.subject, urn: `${scene.subject.urn}-2` };

  const { error } = await up(other, undefined, { ...scene.first, version: "18", adopt: true });

  expect(String(error)).toContain('cannot be adopted: its version is "17" and not "18".');
});

test("a service of another type is in the way, and is not offered for taking over", async () => {
  const scene = await sceneOf(named("BackgroundWorker"));

  const { error } = await up(scene.subject, undefined, { ...scene.first, name: "around" });

  expect(String(error)).toMatch(
    /\(srv-\w+\) exists and cannot be adopted: it is a private service\./,
  );
});

test("an environment whose allow-list Render does not tell has no drift", async () => {
  const scene = await sceneOf(named("Environment"));
  const list = [{ cidr: "203.0.113.0/24", description: "office" }];
  const state = await make(scene, { ...scene.first, ipAllowList: list });
  const row = scene.render.state.environments[state.id];
  if (row) Object.assign(row, { ipAllowList: undefined });

  expect((await refresh(scene.subject, state))?.inputs).toEqual(state.inputs);
});

test("a project that another stack made is found, and neither changed nor deleted", async () => {
  const scene = await sceneOf(named("Project"));
  const inputs = { name: "around", ownerId: OWNER, firstEnvironment: "x", existing: true };

  const state = await make(scene, inputs);
  await destroy(scene.subject, state);

  expect(state.id).toBe(scene.at.project);
  expect({ id: state.id, ...(await refresh(scene.subject, state)) }).toEqual(state);
});

test("the environment that a project began with is taken up by its name", async () => {
  const scene = await sceneOf(named("Environment"));
  const client = await nextRunOf(scene, { existing: false });

  const inputs = { name: "one", projectId: scene.at.project };
  const { state } = await up({ ...scene.subject, client }, undefined, inputs);

  expect(state?.id).toBe(scene.at.environments[0]);
  expect(Object.keys(scene.render.state.environments)).toHaveLength(2);
});

test("an empty environment of another stack's project is not taken up", async () => {
  const scene = await sceneOf(named("Environment"));
  const client = await nextRunOf(scene, { existing: true });

  const inputs = { name: "one", projectId: scene.at.project };
  const { state, error } = await up({ ...scene.subject, client }, undefined, inputs);

  expect(state).toBeUndefined();
  expect(String(error)).toContain("this resource did not create it");
});

test("after a read that finds a record gone, one of its name is not of the create that made it", async () => {
  const scene = await sceneOf(named("KeyValue"));
  const made = await make(scene, scene.first);
  await scene.render.api("DELETE", `/key-value/${made.id}`);
  expect(await refresh(scene.subject, made)).toBeUndefined();
  const other = { ...scene.subject, urn: `${scene.subject.urn}-2` };
  await up(other, undefined, scene.first);

  const { error } = await up(scene.subject, undefined, scene.first);

  expect(String(error)).toContain("this resource did not create it");
});

/** The next process, after a diff of the unchanged project. */
async function nextRunOf({ render, at }: Scene, told: { existing: boolean }) {
  const type = RENDER_TYPES.find(({ contract }) => contract.token === "render:index:Project");
  if (!type) throw new Error("unreachable: there is no Project");
  const client = render.newClient();
  const urn = "urn:pulumi:test::opspec::render:index:Project::around";
  const inputs = { name: "around", ownerId: OWNER, firstEnvironment: "one", ...told };
  await up({ type, urn, render, client }, { id: at.project, inputs, outputs: {} }, inputs);
  return client;
}

test("a group's hash changes with its content alone, and with nothing else", async () => {
  const scene = await sceneOf(named("EnvGroup"));
  const made = await make(scene, scene.first);

  const renamed = await up(scene.subject, made, { ...scene.first, name: "other" });
  const changed = await up(scene.subject, made, { ...scene.first, env: { TOKEN: "other" } });

  expect(hashOf(made)).toMatch(/^"[0-9a-f]{64}"$/);
  expect(hashOf(renamed.state)).toBe(hashOf(made));
  expect(hashOf(changed.state)).not.toBe(hashOf(made));
});

test("another hash of a linked group deploys the service, and changes nothing else", async () => {
  const scene = await sceneOf(named("BackgroundWorker"));
  const made = await make(scene, scene.first);
  scene.render.calls.length = 0;

  await up(scene.subject, made, { ...scene.first, groupHashes: "other" });

  const writes = scene.render.calls.filter((it) => !it.startsWith("GET"));
  expect(writes).toEqual([
    `PUT /services/${made.id}/env-vars/OPSPEC_DEPLOY_OWED`,
    `POST /services/${made.id}/deploys`,
    `DELETE /services/${made.id}/env-vars/OPSPEC_DEPLOY_OWED`,
  ]);
});

test("a variable that moves from late to the service itself stays", async () => {
  const scene = await sceneOf(named("ServiceEnv"));
  const worker = await sceneOf(named("BackgroundWorker"));
  const service = await make(worker, { ...worker.first, env: { TZ: "UTC" } });
  const late = { ...scene.subject, render: worker.render };
  const inputs = { serviceId: service.id, env: { PEER_URL: "http://a" } };
  const { state } = await up(late, undefined, inputs);
  const client = worker.render.newClient();
  const sharing = { ...worker.subject, client };

  await up(sharing, service, { ...worker.first, env: { TZ: "UTC", PEER_URL: "http://a" } });
  if (state) await destroy({ ...late, client }, state);

  const variables = worker.render.state.services[service.id]?.envVars.map(({ key }) => key);
  expect(variables).toContain("PEER_URL");
});

function hashOf(state: ResourceState | undefined): string {
  return JSON.stringify(revealed(state?.outputs ?? {})["contentHash"]);
}
