import { expect } from "vitest";
import { type CleanRun, type Cut, expectMended, type Operation, runClean } from "./cuts.ts";
import { type CutStage, openCutStage } from "./cut-stage.ts";
import { modelOf } from "./spec-text.ts";

/** A small stack with an env group, a linked service and a job. */
const SMALL = (value: number) =>
  modelOf(`
envGroups:
  shared: { env: { RETRIES: ${value} } }
services:
  web: { type: web, source: { image: nginx }, plan: starter, envGroups: [shared], env: { A: ${value} } }
jobs:
  nightly:
    uses: dead-letter-trim
    schedule: { daily: "0${value}:00" }
    on: render
    env: { A: ${value} }
    options: { queue: dead, keep: ${value} }
`);

/** Limit for more than a hundred engine runs of 1 to 2 s each, on a machine that is up to 20 times slower. */
export const SWEEP_TIMEOUT_MS = 90 * 60_000;

/** Number of cuts between two progress lines. */
const PROGRESS = 20;

/** A stage, and the operations on the small stack. */
export interface SmallStack {
  readonly stage: CutStage;
  readonly operations: Readonly<Record<Operation["name"], Operation>>;
}

/** Creates a stage and deploys the stack once, which is the initial state of the operations. */
export async function openSmallStack(): Promise<SmallStack> {
  const stage = await openCutStage(SMALL(1));
  const empty = stage.moment();
  expect((await stage.engine.up()).failure).toBeUndefined();
  const made = stage.moment();
  return {
    stage,
    operations: {
      create: { name: "create", from: empty, wanted: SMALL(1) },
      update: { name: "update", from: made, wanted: SMALL(2) },
      destroy: { name: "destroy", from: made, wanted: SMALL(1) },
    },
  };
}

/**
 * Runs an operation with each of the cuts in turn.
 *
 * @param cutsOf the cuts, from the calls of a run without one
 * @returns the run without a cut
 */
export async function sweep(
  { stage, operations }: SmallStack,
  name: Operation["name"],
  cutsOf: (calls: readonly string[]) => readonly Cut[],
): Promise<CleanRun> {
  const operation = operations[name];
  const clean = await runClean(stage, operation);
  const cuts = cutsOf(clean.calls);
  const startedAt = Date.now();
  for (const [index, cut] of cuts.entries()) {
    await expectMended(stage, operation, cut);
    const at = { name, ...cut };
    expect({ at, ...stage.left() }).toEqual({ at, ...clean.left });
    const isTold = (index + 1) % PROGRESS === 0 || index + 1 === cuts.length;
    const seconds = Math.round((Date.now() - startedAt) / 1000);
    if (isTold)
      process.stdout.write(`${name}: ${index + 1} of ${cuts.length} cuts in ${seconds} s\n`);
  }
  return clean;
}
