import { expect, test } from "vitest";
import { snapshotOf } from "../../testing/cloud-snapshot.ts";
import { FIXTURES } from "../../testing/render-fixtures.ts";
import {
  plannedChanges,
  refresh,
  RenderInProcess,
  type ResourceState,
  type ResourceSubject,
  up,
} from "../../testing/render-in-process.ts";
import { type Fixture, makePrerequisites } from "../../testing/render-prerequisites.ts";
import { type Change, diff, renderChange } from "../kit/diff.ts";
import { revealed, type TreeObject } from "../kit/property-tree.ts";
import { declaredInEither } from "../kit/observed.ts";
import { isUnfinished } from "../kit/resource-calls.ts";
import { RENDER_TYPES } from "./resource-types.ts";

/** Maximum number of calls of an operation; more would be a bug. */
const CALLS_MAX = 80;

interface Scene {
  readonly render: RenderInProcess;
  readonly subject: ResourceSubject;
  readonly first: TreeObject;
  readonly second: TreeObject;
}

/** A resource in a cloud of its own. Disks never shrink, so the change does not grow one. */
async function sceneOf({ name, first, second }: Fixture): Promise<Scene> {
  const type = RENDER_TYPES.find(({ contract }) => contract.token === `render:index:${name}`);
  if (!type) throw new Error(`unreachable: there is no type ${name}`);
  const render = new RenderInProcess();
  const at = await makePrerequisites(render);
  const urn = `urn:pulumi:test::opspec::render:index:${name}::thing`;
  const before = first(at);
  const kept = Object.entries(before).filter(([key]) => key === "disk" || key === "diskSizeGb");
  const { autoDeployTrigger: _cannotBeCleared, ...after } = second(at);
  return {
    render,
    subject: { type, urn, render },
    first: before,
    second: { ...after, ...Object.fromEntries(kept) },
  };
}

async function done(scene: Scene, state: ResourceState | undefined, inputs: TreeObject) {
  const outcome = await up(scene.subject, state, inputs);
  if (outcome.error || !outcome.state) throw outcome.error;
  return outcome.state;
}

/** Where an operation fails: at its call with this number, or in its deploy. */
type Failure = number | "deploy";

function arrange({ render }: Scene, failure: Failure): void {
  if (failure === "deploy") render.failDeploys(1);
  else render.failAt(failure, "400");
}

/** The cloud's state without the number of instances that autoscaling hides. */
function heldBy({ render }: Scene): Record<string, unknown[]> {
  return JSON.parse(JSON.stringify(snapshotOf(render.state), withoutHidden)) as never;
}

function withoutHidden(key: string, value: unknown): unknown {
  return key === "laterInstances" ? undefined : value;
}

/** The differences between Render and the program, which a preview must name. */
async function actualChanges(
  { subject }: Scene,
  state: ResourceState,
  { tried, wanted }: { tried: TreeObject; wanted: TreeObject },
): Promise<string[]> {
  const { contract } = subject.type;
  const either = declaredInEither(contract.inputs, wanted, tried) as TreeObject;
  const there = await refresh(subject, { id: state.id, inputs: either, outputs: {} });
  return named(diff(contract, revealed(there?.inputs ?? {}), revealed(wanted)));
}

/** The fields of the changes. A read cannot tell the number of instances while autoscaling is on. */
function named(changes: readonly Change[]): string[] {
  return changes.map(renderChange).filter((it) => it !== "numInstances");
}

/** Fails `operate` at each of its calls in turn; ends when no call is left. */
async function sweep(
  fixture: Fixture,
  operate: (scene: Scene, failure: Failure) => Promise<void>,
): Promise<void> {
  await operate(await sceneOf(fixture), "deploy");
  for (let at = 0; at < CALLS_MAX; at++) {
    const scene = await sceneOf(fixture);
    const where = (): string => `call ${at}: ${scene.render.calls[at]}`;
    await operate(scene, at).catch((cause: unknown) => {
      throw new Error(`${where()}: ${String(cause)}`, { cause });
    });
    if (!scene.render.hasStruck) return expect(at).toBeGreaterThan(0);
  }
  throw new Error(`the operation makes more than ${CALLS_MAX} calls`);
}

/** Restores the old spec: the preview names what the change left, and `up` removes it. */
async function expectUndone(
  scene: Scene,
  failed: ResourceState,
  { tried, wanted }: { tried: TreeObject; wanted: TreeObject },
): Promise<ResourceState> {
  scene.render.disarm();
  const planned = named(plannedChanges(scene.subject.type, failed, wanted));
  expect(planned).toEqual(await actualChanges(scene, failed, { tried, wanted }));
  return done(scene, failed, wanted);
}

test.each(FIXTURES)(
  "an update of $name that fails at any call is undone by the next up",
  async (fixture) => {
    const clean = await sceneOf(fixture);
    await done(
      clean,
      await done(clean, await done(clean, undefined, clean.first), clean.second),
      clean.first,
    );
    const never = await sceneOf(fixture);
    await done(never, undefined, never.first);

    await sweep(fixture, async (scene, failure) => {
      const { first, second } = scene;
      const made = await done(scene, undefined, first);
      arrange(scene, failure);
      const { state: failed, error } = await up(scene.subject, made, second);
      if (!failed || !error) return;

      const back = await expectUndone(scene, failed, { tried: second, wanted: first });

      expect([heldBy(never), heldBy(clean)]).toContainEqual(heldBy(scene));
      expect((await refresh(scene.subject, back))?.inputs).toEqual(first);
    });
  },
);

test.each(FIXTURES)(
  "a create of $name that fails at any call continues with what the spec says by then",
  async (fixture) => {
    const clean = await sceneOf(fixture);
    await done(clean, await done(clean, undefined, clean.second), clean.first);
    const never = await sceneOf(fixture);
    await done(never, undefined, never.first);

    await sweep(fixture, async (scene, failure) => {
      const { first, second } = scene;
      arrange(scene, failure);
      const { state: failed, error } = await up(scene.subject, undefined, second);
      if (!error) return;
      scene.render.disarm();

      const back = failed
        ? await expectUndone(scene, failed, { tried: second, wanted: first })
        : await done(scene, undefined, first);

      expect([heldBy(never), heldBy(clean)]).toContainEqual(heldBy(scene));
      expect((await refresh(scene.subject, back))?.inputs).toEqual(first);
    });
  },
);

test("a service whose newest deploy failed elsewhere is deployed again", async () => {
  const [fixture] = FIXTURES;
  if (!fixture) throw new Error("unreachable: there are no fixtures");
  const scene = await sceneOf(fixture);
  const made = await done(scene, undefined, scene.first);
  scene.render.failDeploys(1);
  await scene.render.api("POST", `/services/${made.id}/deploys`, {});

  const read = await refresh(scene.subject, made);
  const refreshed = { id: made.id, inputs: read?.inputs ?? {}, outputs: read?.outputs ?? {} };

  expect(refreshed.inputs).toEqual(made.inputs);
  expect(isUnfinished(refreshed.outputs)).toBe(true);
  const after = await done(scene, refreshed, scene.first);
  expect(isUnfinished(after.outputs)).toBe(false);
  expect(await scene.render.api("GET", `/services/${made.id}/deploys?limit=1`)).toMatchObject([
    { deploy: { status: "live" } },
  ]);
});

test("a deploy that failed and was mended elsewhere is not repeated", async () => {
  const [fixture] = FIXTURES;
  if (!fixture) throw new Error("unreachable: there are no fixtures");
  const scene = await sceneOf(fixture);
  const made = await done(scene, undefined, scene.first);
  scene.render.failDeploys(1);
  await scene.render.api("POST", `/services/${made.id}/deploys`, {});
  const read = await refresh(scene.subject, made);
  await scene.render.api("POST", `/services/${made.id}/deploys`, {});

  const again = await refresh(scene.subject, { ...made, ...read });

  expect(isUnfinished(again?.outputs ?? {})).toBe(false);
});
