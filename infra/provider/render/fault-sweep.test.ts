import { expect, test } from "vitest";
import { snapshotOf } from "../../testing/cloud-snapshot.ts";
import { FIXTURES } from "../../testing/render-fixtures.ts";
import { type Fixture, makePrerequisites } from "../../testing/render-prerequisites.ts";
import {
  destroy,
  type Fault,
  refresh,
  RenderInProcess,
  type ResourceState,
  type ResourceSubject,
  up,
} from "../../testing/render-in-process.ts";
import type { TreeObject } from "../kit/property-tree.ts";
import { RENDER_TYPES } from "./resource-types.ts";

const FAULTS: readonly Fault[] = [
  "reset-before",
  "reset-after",
  "429",
  "500",
  "500-after",
  "timeout",
  "death",
  "death-after",
];

/** Maximum number of calls of an operation; more would be a bug. */
const CALLS_MAX = 80;

/** One `up` after the faulty run is sufficient. */
const RUNS_MAX = 1;

/** A resource in a new cloud, with the resources to which it refers. */
interface Scene {
  readonly render: RenderInProcess;
  readonly subject: ResourceSubject;
  readonly first: TreeObject;
  readonly second: TreeObject;
}

async function sceneOf({ name, first, second }: Fixture): Promise<Scene> {
  const type = RENDER_TYPES.find(({ contract }) => contract.token === `render:index:${name}`);
  if (!type) throw new Error(`unreachable: there is no type ${name}`);
  const render = new RenderInProcess();
  const at = await makePrerequisites(render);
  const urn = `urn:pulumi:test::opspec::render:index:${name}::thing`;
  return { render, subject: { type, urn, render }, first: first(at), second: second(at) };
}

async function upToState(
  { subject, render }: Scene,
  state: ResourceState | undefined,
  inputs: TreeObject,
): Promise<ResourceState> {
  let now = state;
  let error: unknown;
  for (let run = 0; run < RUNS_MAX; run++) {
    const outcome = await up(subject, now, inputs);
    ({ state: now, error } = outcome);
    if (!error && now) return now;
  }
  throw new Error(`does not converge; calls: ${render.calls.join(", ")}`, { cause: error });
}

/** The result of a run without faults, and its number of deploys. */
function resultOf({ render }: Scene) {
  return { cloud: snapshotOf(render.state), deploys: Object.keys(render.state.deploys).length };
}

type Operation = (scene: Scene, fail?: { at: number; kind: Fault }) => Promise<void>;

/** Runs an operation with one kind of fault at each of its calls; the result equals that of a run without faults. */
async function sweep(fixture: Fixture, kind: Fault, operate: Operation): Promise<void> {
  const clean = await sceneOf(fixture);
  await operate(clean);
  const wanted = resultOf(clean);
  for (let at = 0; at < CALLS_MAX; at++) {
    const scene = await sceneOf(fixture);
    const where = (): string => `${kind} at call ${at}: ${scene.render.calls[at]}`;
    await operate(scene, { at, kind }).catch((cause: unknown) => {
      throw new Error(`${where()}: ${String(cause)}`, { cause });
    });
    const result = resultOf(scene);
    expect(result.cloud, where()).toEqual(wanted.cloud);
    expect(result.deploys, where()).toBeGreaterThanOrEqual(wanted.deploys);
    if (!scene.render.hasStruck) return expect(at).toBeGreaterThan(0);
  }
  throw new Error(`the operation makes more than ${CALLS_MAX} calls`);
}

/** A refresh afterwards shows exactly the declared inputs. */
async function expectNoDrift({ subject, render }: Scene, state: ResourceState): Promise<void> {
  render.disarm();
  const read = await refresh(subject, state);
  expect(read?.inputs).toEqual(state.inputs);
}

const CASES = FIXTURES.flatMap((fixture) =>
  FAULTS.map((kind) => ({ name: fixture.name, kind, fixture })),
);

test.each(CASES)("a create of $name converges after a $kind at any call", ({ fixture, kind }) =>
  sweep(fixture, kind, async (scene, fail) => {
    if (fail) scene.render.failAt(fail.at, fail.kind);
    const { state } = await up(scene.subject, undefined, scene.first);
    const done = await upToState(scene, state, scene.first);
    await expectNoDrift(scene, done);
  }),
);

test.each(CASES)("an update of $name converges after a $kind at any call", ({ fixture, kind }) =>
  sweep(fixture, kind, async (scene, fail) => {
    const made = await upToState(scene, undefined, scene.first);
    if (fail) scene.render.failAt(fail.at, fail.kind);
    const { state } = await up(scene.subject, made, scene.second);
    const done = await upToState(scene, state, scene.second);
    await expectNoDrift(scene, done);
  }),
);

/** A killed process saves nothing, so only a failure can be undone. */
const FAILURES = CASES.filter(({ kind }) => !kind.startsWith("death"));

/** Inputs that cannot shrink, so they keep their new value. */
const ONLY_GROW = ["disk", "diskSizeGb"];

/** Restores the first inputs, as `opspec up` does: a refresh, then an update. */
async function restore(scene: Scene, state: ResourceState | undefined): Promise<void> {
  if (!state) throw new Error("unreachable: the state of an existing resource was dropped");
  scene.render.disarm();
  const grown = ONLY_GROW.filter((it) => it in scene.second);
  const kept = grown.map((it) => [it, scene.second[it]] as const);
  const read = await refresh(scene.subject, state);
  const wanted = { ...scene.first, ...Object.fromEntries(kept) } as TreeObject;
  await expectNoDrift(scene, await upToState(scene, { ...state, ...read }, wanted));
}

test.each(FAILURES)(
  "an update of $name that a $kind ends at any call is undone by an up of what was there before",
  ({ fixture, kind }) =>
    sweep(fixture, kind, async (scene, fail) => {
      const made = await upToState(scene, undefined, scene.first);
      if (fail) scene.render.failAt(fail.at, fail.kind);
      await restore(scene, (await up(scene.subject, made, scene.second)).state);
    }),
);

/** An update with this many failed deploys, and its undo. */
async function undo(scene: Scene, failures: number): Promise<void> {
  const made = await upToState(scene, undefined, scene.first);
  scene.render.failDeploys(failures);
  await restore(scene, (await up(scene.subject, made, scene.second)).state);
}

test.each(FIXTURES)(
  "an update of $name whose deploy fails is undone by an up of what was there before",
  async (fixture) => {
    const [clean, scene] = await Promise.all([sceneOf(fixture), sceneOf(fixture)]);
    await undo(clean, 0);

    await undo(scene, 1);

    expect(resultOf(scene).cloud).toEqual(resultOf(clean).cloud);
  },
);

test.each(CASES)(
  "a delete of $name leaves nothing after a $kind at any call",
  ({ fixture, kind }) =>
    sweep(fixture, kind, async (scene, fail) => {
      const made = await upToState(scene, undefined, scene.first);
      if (fail) scene.render.failAt(fail.at, fail.kind);
      const isGone = await destroy(scene.subject, made);
      if (!isGone) expect(await destroy(scene.subject, made)).toBe(true);
    }),
);
