import { expect } from "vitest";
import { type CleanRun, type Cut, expectMended, type Operation, runClean } from "./cuts.ts";
import { type CutStage, openCutStage } from "./cut-stage.ts";
import { modelOf } from "./spec-text.ts";

/** The small stack of every kind of part that has one: shared variables, a service with a link, a job. */
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

/** A hundred and more runs of an engine: a second or two each, and twenty times that on a machine that is overloaded. */
export const SWEEP_TIMEOUT_MS = 90 * 60_000;

/** After how many cuts a line tells how far it is. */
const PROGRESS = 20;

/** A stage with the operations of the small stack. */
export interface SmallStack {
  readonly stage: CutStage;
  readonly operations: Readonly<Record<Operation["name"], Operation>>;
}

/** Opens a stage and makes the stack once, so that every operation has where it begins. */
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
 * Cuts an operation in every way that is asked for, one after the other.
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
