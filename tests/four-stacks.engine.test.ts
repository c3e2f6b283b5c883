import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deployStack } from "../infra/components/stack.ts";
import { type LocalCloud, startLocalCloud } from "../infra/local-cloud/server.ts";
import type { PostgresModel } from "../infra/model/platform-model.ts";
import type { ServiceModel, StackModel } from "../infra/model/stack-model.ts";
import { loadStack } from "../infra/stack.ts";
import { send } from "../infra/testing/render-plugin.ts";
import type { Outcome } from "../scripts/workspace/operation.ts";
import { openScratchStack, type ScratchStack } from "../scripts/workspace/scratch-stack.ts";

/** Every stack that is whole on Render, through its life; the tests of one stack are one story, in order. */
const STACKS = ["vega-cockpit", "joslyn-ai", "joslyn-ai-staging", "chorizaurio", "c1c-recruitment"];

/** Lists of Render's API that a destroyed stack leaves empty. */
const LISTS = ["services", "env-groups", "postgres", "key-value", "projects", "disks"];

/** A stack on a cloud and an engine of its own. `model` is what the next operation deploys. */
interface Life {
  model: StackModel;
  readonly cloud: LocalCloud;
  readonly engine: ScratchStack;
}

async function begin(stackName: string): Promise<Life> {
  const cloud = await startLocalCloud({});
  const options = { environment: {}, placeholder: (name: string) => `value-of-${name}` };
  const program = async () => deployStack(life.model, options);
  const engine = await openScratchStack(program, cloud.urls.render);
  const life: Life = { model: loadStack(stackName).model, cloud, engine };
  const { ownerId, project } = life.model;
  // Another stack has made the project to which this one adds its environment.
  if (project?.existing) {
    const environments = [{ name: "production" }];
    await render(life, "POST", {
      path: "/projects",
      body: { name: project.name, ownerId, environments },
    });
  }
  return life;
}

function render(
  { cloud }: Life,
  method: string,
  { path, body }: { path: string; body?: unknown },
): Promise<unknown> {
  return send(`${cloud.urls.render}${path}`, method, body);
}

interface Listed {
  readonly id: string;
  readonly name: string;
}

async function servicesOf(life: Life): Promise<Listed[]> {
  const listed = (await render(life, "GET", { path: "/services?limit=100" })) as {
    service: Listed;
  }[];
  return listed
    .map(({ service: { id, name } }) => ({ id, name }))
    .toSorted((a, b) => a.id.localeCompare(b.id));
}

const steps = ({ steps: all, failure }: Outcome): string[] => [
  ...all
    .map((it) => `${it.op} ${it.type} ${it.name}: ${it.fields.toSorted().join(", ")}`)
    .toSorted(),
  ...(failure ? [failure] : []),
];

function firstService({ model }: Life): ServiceModel {
  const [first] = model.services;
  if (!first) throw new Error(`unreachable: ${model.name} has a service`);
  return first;
}

describe.each(STACKS)("%s", (stackName) => {
  let life: Life;

  beforeAll(async () => {
    life = await begin(stackName);
  });

  afterAll(async () => {
    life.engine.remove();
    await life.cloud.stop();
  });

  test("up creates everything that the model says", async () => {
    const { services, staticSites, jobs } = life.model;

    expect((await life.engine.up()).failure).toBeUndefined();

    const names = (await servicesOf(life)).map((it) => it.name).toSorted();
    expect(names).toEqual([...services, ...staticSites, ...jobs].map((it) => it.name).toSorted());
  });

  test("a second preview and a refresh show no change", async () => {
    expect(steps(await life.engine.preview())).toEqual([]);
    expect(steps(await life.engine.refresh())).toEqual([]);
  });

  test("what was changed elsewhere is drift, nothing else is, and up mends it", async () => {
    const variable = await changeElsewhere(life);

    const [drift = "", ...others] = steps(await life.engine.refresh());

    expect(drift).toMatch(
      new RegExp(`^update render:index:\\w+ ${firstService(life).key}: env\\.${variable}, plan$`),
    );
    expect(others).toEqual([]);
    expect((await life.engine.up(true)).failure).toBeUndefined();
    expect(steps(await life.engine.refresh())).toEqual([]);
  });

  test("a service whose earlier key is named is renamed without being replaced", async () => {
    const before = await servicesOf(life);
    life.model = renamed(life.model, firstService(life));

    const preview = steps(await life.engine.preview());

    expect(preview.filter((it) => !it.startsWith("update"))).toEqual([]);
    expect((await life.engine.up()).failure).toBeUndefined();
    expect(await servicesOf(life)).toEqual(before);
  });

  test("what the spec protects stops a destroy, until the spec no longer says so", async () => {
    const kept = life.model.databases.filter((it) => it.pulumi?.protect);
    const { failure = "" } = kept.length > 0 ? await life.engine.destroy() : {};

    expect(failure.includes("protect")).toBe(kept.length > 0);
    life.model = { ...life.model, databases: life.model.databases.map(unprotected) };
    expect((await life.engine.up()).failure).toBeUndefined();
  });

  test("destroy leaves the cloud as it was", async () => {
    expect((await life.engine.destroy()).failure).toBeUndefined();

    const left = await Promise.all(LISTS.map((list) => render(life, "GET", { path: `/${list}` })));
    const foreign = life.model.project?.existing ? 1 : 0;
    const expected = LISTS.map((it) => (it === "projects" ? foreign : 0));
    expect(left.map((it) => (it as unknown[]).length)).toEqual(expected);
  });
});

/** Changes a variable and the plan of the first service, and adds a variable that is not ours. */
async function changeElsewhere(life: Life): Promise<string> {
  const { name, env } = firstService(life);
  const id = (await servicesOf(life)).find((it) => it.name === name)?.id ?? "";
  const [variable = ""] = Object.entries(env).flatMap(([key, { kind }]) =>
    kind === "text" ? [key] : [],
  );
  const path = `/services/${id}`;
  await render(life, "PUT", {
    path: `${path}/env-vars/${variable}`,
    body: { value: "changed elsewhere" },
  });
  await render(life, "PUT", { path: `${path}/env-vars/NOT_OURS`, body: { value: "not ours" } });
  await render(life, "PATCH", { path, body: { serviceDetails: { plan: "pro_plus" } } });
  return variable;
}

function unprotected(database: PostgresModel): PostgresModel {
  return { ...database, pulumi: {} };
}

/** The model with a service under another key that names its earlier one; what refers to it follows. */
function renamed(model: StackModel, service: ServiceModel): StackModel {
  const key = `${service.key}-renamed`;
  const text = JSON.stringify(model).replaceAll(`"service":"${service.key}"`, `"service":"${key}"`);
  const moved = JSON.parse(text) as StackModel;
  const formerly = [service.key];
  const services = moved.services.map((it) =>
    it.key === service.key ? { ...it, key, formerly } : it,
  );
  return { ...moved, services };
}
