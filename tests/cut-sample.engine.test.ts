import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { StackModel } from "../infra/model/stack-model.ts";
import type { EnvValue } from "../infra/model/value-model.ts";
import { loadStack } from "../infra/stack.ts";
import {
  type Cut,
  eachCutAt,
  expectMended,
  type Operation,
  runClean,
} from "../infra/testing/cuts.ts";
import { type CutStage, openCutStage } from "../infra/testing/cut-stage.ts";
import { SWEEP_TIMEOUT_MS } from "../infra/testing/cut-sweep.ts";

/**
 * A sample of faults on the real stacks: one cut of one call of each operation.
 *
 * cut-engine and cut-plugin sweep all calls and all faults on a small stack. The real stacks
 * also have databases, projects, domains, disks and variables that close a cycle. A printed seed
 * selects the calls and faults.
 */
const SEED = 20_261_122;

const STACKS = ["vega-cockpit", "joslyn-ai", "chorizaurio", "c1c-recruitment"];

describe.each(STACKS.map((name, index) => ({ name, seed: SEED + index })))(
  "$name with the seed $seed",
  ({ name, seed }) => {
    const random = seededRandom(seed);
    const model = unprotected(loadStack(name).model);
    let stage: CutStage;

    beforeAll(async () => {
      stage = await openCutStage(model);
    });

    afterAll(() => stage.close());

    test(
      "a create, an update and a destroy that are cut somewhere are completed by the next run",
      async () => {
        const empty = stage.moment();
        const sampled = [await sample({ name: "create", from: empty, wanted: model })];
        stage.model = model;
        expect((await stage.engine.up()).failure).toBeUndefined();
        const made = stage.moment();
        sampled.push(await sample({ name: "update", from: made, wanted: changed(model) }));
        sampled.push(await sample({ name: "destroy", from: made, wanted: model }));
        expect(sampled).toHaveLength(3);
      },
      SWEEP_TIMEOUT_MS,
    );

    async function sample(operation: Operation): Promise<Cut> {
      const clean = await runClean(stage, operation);
      // Independent resources are called in any order.
      const cuts = eachCutAt(clean.calls.toSorted());
      const cut = cuts[Math.floor(random() * cuts.length)];
      if (!cut) throw new Error(`unreachable: ${operation.name} calls Render`);
      process.stdout.write(
        `${name}: ${operation.name} of ${clean.calls.length} calls, ${cut.kind} at ${cut.calls}\n`,
      );
      await expectMended(stage, operation, cut);
      expect(stage.left()).toEqual(clean.left);
      return cut;
    }
  },
);

/** Without the protections that prevent a destroy. */
function unprotected(model: StackModel): StackModel {
  return { ...model, databases: model.databases.map((it) => ({ ...it, pulumi: {} })) };
}

/** Adds a variable to everything with variables. */
function changed(model: StackModel): StackModel {
  const added: EnvValue = { kind: "text", text: "changed" };
  const withAnother = <T extends { env: Readonly<Record<string, EnvValue>> }>(
    all: readonly T[],
  ): T[] => all.map((it) => ({ ...it, env: { ...it.env, CHANGED: added } }));
  return {
    ...model,
    services: withAnother(model.services),
    staticSites: withAnother(model.staticSites),
    envGroups: withAnother(model.envGroups),
    jobs: withAnother(model.jobs),
  };
}

/** Numbers from 0 to 1, the same for a seed. @see https://gist.github.com/tommyettinger/46a874533244883189143505d203312c (mulberry32) */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
