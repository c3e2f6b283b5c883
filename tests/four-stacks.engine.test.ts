import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deployStack } from "../infra/components/stack.ts";
import { type LocalCloud, startLocalCloud } from "../infra/local-cloud/server.ts";
import type { JobModel, ServiceModel, StackModel } from "../infra/model/stack-model.ts";
import { MARKER_KEY } from "../infra/provider/render/marker.ts";
import { loadStack } from "../infra/stack.ts";
import { changeEverything, type StateResource } from "../infra/testing/out-of-band.ts";
import { send } from "../infra/testing/render-plugin.ts";
import { unseenByVerify } from "../infra/testing/verified-fields.ts";
import type { Finding } from "../scripts/verify/finding.ts";
import { verifyWorkspace } from "../scripts/verify/verify-workspace.ts";
import type { Outcome } from "../scripts/workspace/operation.ts";
import { openScratchStack, type ScratchStack } from "../scripts/workspace/scratch-stack.ts";

/** The life cycle of every stack that is completely on Render. The tests of one stack run in order. */
const STACKS = ["vega-cockpit", "joslyn-ai", "joslyn-ai-staging", "chorizaurio", "c1c-recruitment"];

/** Lists of Render's API that are empty after a destroy. */
const LISTS = [
  "services",
  "env-groups",
  "postgres",
  "key-value",
  "projects",
  "environments",
  "registrycredentials",
  "disks",
];

/** Lists with resources of another stack after a destroy: its project, with an environment. */
const FOREIGN: ReadonlySet<string> = new Set(["projects", "environments"]);

/** A stack with its own cloud and engine. The next operation deploys `model`. */
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
  // Another stack created the project to which this stack adds its environment.
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

/** A service with variables that close a cycle, which must move with it; otherwise any service. */
function hardestToRename({ model }: Life): ServiceModel {
  const service = model.services.find((it) => it.lateEnv) ?? model.services[0];
  if (!service) throw new Error(`unreachable: ${model.name} has a service`);
  return service;
}

/** The variables of a service without its marker, which a rename changes. */
async function variablesOf(life: Life, id = ""): Promise<Record<string, string>> {
  const path = `/services/${id}/env-vars?limit=100`;
  const listed = (await render(life, "GET", { path })) as {
    envVar: { key: string; value: string };
  }[];
  const all = listed.map(({ envVar: { key, value } }) => [key, value] as const);
  return Object.fromEntries(all.filter(([key]) => key !== MARKER_KEY));
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

  test("a verification right after up finds nothing that has failed", async () => {
    const findings = await verified(life);

    expect(findings.some((it) => it.status === "ok")).toBe(true);
    expect(findings.filter((it) => it.status === "failed")).toEqual([]);
  });

  test("a second preview and a refresh show no change", async () => {
    expect(steps(await life.engine.preview())).toEqual([]);
    expect(steps(await life.engine.refresh())).toEqual([]);
  });

  test("every declared field that was changed elsewhere is drift and fails verify, nothing else is, and up mends it", async () => {
    const changed = await changeElsewhere(life);

    const drift = await life.engine.refresh();

    expect(drift.steps.map(driftLine).toSorted()).toEqual(changed);
    const failed = (await verified(life)).filter((it) => it.status === "failed");
    const lines = failed.map((it) => `${it.check}: ${it.reason}`);
    expect(unseenByVerify(changed, lines)).toEqual([]);
    expect((await life.engine.up(true)).failure).toBeUndefined();
    expect(steps(await life.engine.refresh())).toEqual([]);
  });

  const [job] = loadStack(stackName).model.jobs;
  testChangedKeys(() => life, job);

  test("what the spec protects stops a destroy, until the spec no longer says so", async () => {
    const kept = life.model.databases.filter((it) => it.pulumi?.protect);
    const { failure = "" } = kept.length > 0 ? await life.engine.destroy() : {};

    expect(failure.includes("protect")).toBe(kept.length > 0);
    life.model = {
      ...life.model,
      databases: life.model.databases.map((it) => ({ ...it, pulumi: {} })),
    };
    expect((await life.engine.up()).failure).toBeUndefined();
  });

  test("destroy leaves the cloud as it was", async () => {
    expect((await life.engine.destroy()).failure).toBeUndefined();

    const foreign = life.model.project?.existing ? 1 : 0;
    const expected = LISTS.map((it) => (FOREIGN.has(it) ? foreign : 0));
    expect(await countsOf(life)).toEqual(expected);
  });
});

/** The operations after a service was renamed and a job was removed. */
function testChangedKeys(current: () => Life, job: JobModel | undefined): void {
  test("a service whose earlier key is named is renamed without being replaced", async () => {
    const life = current();
    const before = await servicesOf(life);
    const service = hardestToRename(life);
    const id = before.find((it) => it.name === service.name)?.id;
    const variables = await variablesOf(life, id);
    expect(Object.keys(variables)).toEqual(
      expect.arrayContaining(Object.keys({ ...service.env, ...service.lateEnv })),
    );
    life.model = renamed(life.model, service);

    const preview = steps(await life.engine.preview());

    expect(preview.filter((it) => !it.startsWith("update"))).toEqual([]);
    expect((await life.engine.up()).failure).toBeUndefined();
    expect(await servicesOf(life)).toEqual(before);
    expect(await variablesOf(life, id)).toEqual(variables);
  });

  test("a job that leaves the model loses its cron job, and nothing else goes", async () => {
    const life = current();
    const before = await servicesOf(life);
    life.model = { ...life.model, jobs: life.model.jobs.filter((it) => it.key !== job?.key) };

    const gone = job ? [`delete render:index:CronJob ${job.key}: `] : [];
    expect(steps(await life.engine.up())).toEqual(gone);
    expect(await servicesOf(life)).toEqual(before.filter((it) => it.name !== job?.name));
  });
}

function verified({ cloud, engine: { stack }, model }: Life): Promise<Finding[]> {
  return verifyWorkspace(model, { stack, renderHost: cloud.urls.render, renderApiKey: "scratch" });
}

/** The number of rows in each list. */
async function countsOf(life: Life): Promise<number[]> {
  const rows = await Promise.all(LISTS.map((list) => render(life, "GET", { path: `/${list}` })));
  return rows.map((it) => (it as unknown[]).length);
}

/** Changes every declared field and adds an unmanaged variable. Returns the expected drift. */
async function changeElsewhere(life: Life): Promise<string[]> {
  const resources = await stateOf(life);
  const [first] = await servicesOf(life);
  const path = `/services/${first?.id}/env-vars/NOT_OURS`;
  await render(life, "PUT", { path, body: { value: "not ours" } });
  return changeEverything(resources, (method, at, body) =>
    render(life, method, { path: at, body }),
  );
}

async function stateOf({ engine }: Life): Promise<StateResource[]> {
  const { deployment } = await engine.stack.exportStack();
  return (deployment as { resources: StateResource[] }).resources;
}

/** The top-level fields of one drifted resource. */
function driftLine({ type, name, fields }: Outcome["steps"][number]): string {
  const tops = new Set(fields.map((it) => it.replace(/[.[].*/, "")));
  return `${type.split(":").at(-1)} ${name}: ${[...tops].toSorted().join(", ")}`;
}

/** The model with a renamed service with `formerly`, and changed references to it. */
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
