import { expect, test } from "vitest";
import { snapshotOf } from "../../testing/cloud-snapshot.ts";
import { FIXTURES } from "../../testing/render-fixtures.ts";
import {
  type Fault,
  refresh,
  RenderInProcess,
  type ResourceState,
  type ResourceSubject,
  up,
} from "../../testing/render-in-process.ts";
import { makePrerequisites } from "../../testing/render-prerequisites.ts";
import type { TreeObject } from "../kit/property-tree.ts";
import { RENDER_TYPES } from "./resource-types.ts";

/** Maximum number of calls of an update of one field; more would be a bug. */
const CALLS_MAX = 40;

/** One field that needs a deploy, for each way in which it is sent. */
const ONE_FIELD: readonly { name: string; what: string; change: TreeObject; drop?: string }[] = [
  { name: "WebService", what: "a variable", change: { env: { TZ: "CET", TOKEN: "x", GONE: "1" } } },
  { name: "WebService", what: "a start command", change: { startCommand: "python next.py" } },
  { name: "PrivateService", what: "an env group", change: { envGroups: [] } },
  { name: "CronJob", what: "an image", change: { image: "ghcr.io/example/runtime:2" } },
  {
    name: "WebService",
    what: "a start command without variables of its own",
    drop: "env",
    change: { startCommand: "python next.py" },
  },
  {
    name: "PrivateService",
    what: "an env group without variables of its own",
    drop: "env",
    change: { envGroups: [] },
  },
  {
    name: "CronJob",
    what: "a secret file without variables of its own",
    drop: "env",
    change: { secretFiles: { "new.txt": "1" } },
  },
  {
    name: "BackgroundWorker",
    what: "the first variable",
    drop: "env",
    change: { env: { TZ: "UTC" } },
  },
  { name: "ServiceEnv", what: "a late variable", change: { env: { PEER_URL: "b", OLD: "1" } } },
];

interface Scene {
  readonly render: RenderInProcess;
  readonly subject: ResourceSubject;
  readonly made: ResourceState;
  readonly wanted: TreeObject;
}

async function sceneOf({ name, change, drop }: (typeof ONE_FIELD)[number]): Promise<Scene> {
  const type = RENDER_TYPES.find(({ contract }) => contract.token === `render:index:${name}`);
  const fixture = FIXTURES.find((it) => it.name === name);
  if (!type || !fixture) throw new Error(`unreachable: there is no type ${name}`);
  const render = new RenderInProcess();
  const urn = `urn:pulumi:test::opspec::render:index:${name}::thing`;
  const subject = { type, urn, render };
  const declared = Object.entries(fixture.first(await makePrerequisites(render)));
  const first = Object.fromEntries(declared.filter(([key]) => key !== drop));
  const { state, error } = await up(subject, undefined, first);
  if (!state) throw error;
  return { render, subject, made: state, wanted: { ...first, ...change } };
}

function resultOf({ render }: Scene) {
  return { cloud: snapshotOf(render.state), deploys: Object.keys(render.state.deploys).length };
}

const DEATHS: readonly Fault[] = ["death", "death-after"];

test.each(ONE_FIELD.flatMap((it) => DEATHS.map((kind) => ({ ...it, kind }))))(
  "an update of $what of a $name that a $kind ends at any call is deployed by refresh and up",
  async ({ kind, ...field }) => {
    const clean = await sceneOf(field);
    const { error } = await up(clean.subject, clean.made, clean.wanted);
    expect(error).toBeUndefined();
    for (let at = 0; at < CALLS_MAX; at++) {
      const scene = await sceneOf(field);
      scene.render.failAt(at, kind);
      await up(scene.subject, scene.made, scene.wanted);
      const where = `${kind} at call ${at}: ${scene.render.calls[at]}`;
      if (!scene.render.hasStruck) return expect(at).toBeGreaterThan(0);
      scene.render.disarm();

      const read = await refresh(scene.subject, scene.made);
      const next = read && { id: scene.made.id, ...read };
      const after = await up(scene.subject, next, scene.wanted);

      expect(after.error, where).toBeUndefined();
      expect(resultOf(scene).cloud, where).toEqual(resultOf(clean).cloud);
      expect(resultOf(scene).deploys, where).toBeGreaterThanOrEqual(resultOf(clean).deploys);
    }
    throw new Error(`the update makes more than ${CALLS_MAX} calls`);
  },
);
