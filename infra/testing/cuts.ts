import { expect } from "vitest";
import type { Outcome } from "../../scripts/workspace/operation.ts";
import { clearPendingCreates } from "../../scripts/workspace/pending-creates.ts";
import type { StackModel } from "../model/stack-model.ts";
import type { Break } from "./breakable-cloud.ts";
import type { CutStage, Left, Moment } from "./cut-stage.ts";
import { ENGINE, killProcesses, PLUGIN, untilAllEnded } from "./engine-processes.ts";

/** An operation to cut: its initial state, the operation, and its repetition by an operator. */
export interface Operation {
  readonly name: "create" | "update" | "destroy";
  readonly from: Moment;
  readonly wanted: StackModel;
}

/** The kinds of kill: which process, at which calls, and whether the call is executed. */
const DEATHS = {
  "plugin dies before": { victims: [PLUGIN], atReads: false, isCarriedOut: false },
  "plugin dies after": { victims: [PLUGIN], atReads: true, isCarriedOut: true },
  // The plugin continues for a moment and finishes its current call.
  "engine dies": { victims: [ENGINE], atReads: true, isCarriedOut: true },
  "machine dies before": { victims: [ENGINE, PLUGIN], atReads: false, isCarriedOut: false },
  "machine dies after": { victims: [ENGINE, PLUGIN], atReads: false, isCarriedOut: true },
} as const;

const nothing = (): void => undefined;

/** Faults that the plugin handles by itself. */
const MENDED = {
  "429": { status: 429 },
  "500": { status: 500 },
  "reset before": { before: nothing },
  "reset after": { after: nothing },
  timeout: "silence",
} as const satisfies Readonly<Record<string, Break>>;

export type Death = keyof typeof DEATHS;
export type Mended = keyof typeof MENDED;

const DEATH_KINDS = Object.keys(DEATHS) as Death[];
const MENDED_KINDS = Object.keys(MENDED) as Mended[];

/** The calls that are cut in one run, with the same fault. A kill has exactly one call. */
export type Cut =
  | { readonly kind: Mended; readonly calls: readonly string[] }
  | { readonly kind: Death; readonly calls: readonly [string] };

/** The calls and the result of a run without a cut. */
export interface CleanRun {
  readonly calls: readonly string[];
  readonly left: Left;
}

/** Runs the operation without a cut. */
export async function runClean(stage: CutStage, operation: Operation): Promise<CleanRun> {
  begin(stage, operation);
  expect((await run(stage, operation)).failure).toBeUndefined();
  return { calls: stage.cloud.calls(), left: stage.left() };
}

/** One run for each kind of kill and each call. A read is killed only before it, because it changes nothing. */
export function deathsAt(kinds: readonly Death[], calls: readonly string[]): Cut[] {
  return kinds.flatMap((kind) =>
    calls
      .filter((it) => DEATHS[kind].atReads || !it.startsWith("GET "))
      .map((call): Cut => ({ kind, calls: [call] })),
  );
}

/**
 * One run for each fault that the plugin handles by itself; all calls of the run have the fault.
 *
 * A second identical call has its own run, because it is indistinguishable from a repetition of the first.
 */
export function mendedAt(calls: readonly string[]): Cut[] {
  const rounds = Map.groupBy(calls, (it) => /#\d+$/.exec(it)?.[0]);
  return MENDED_KINDS.flatMap((kind) =>
    [...rounds.values()].map((round): Cut => ({ kind, calls: round })),
  );
}

/** All cuts of a single call. */
export function eachCutAt(calls: readonly string[]): Cut[] {
  const mended = MENDED_KINDS.flatMap((kind) =>
    calls.map((call): Cut => ({ kind, calls: [call] })),
  );
  return [...mended, ...deathsAt(DEATH_KINDS, calls)];
}

/**
 * Cuts an operation, repeats it if the cut ended it, and expects the result of a run without a cut.
 *
 * Each planned call must have been cut, a kill must have ended its process, and a fault that the
 * plugin handles must not have failed the operation.
 */
export async function expectMended(stage: CutStage, operation: Operation, cut: Cut): Promise<void> {
  begin(stage, operation);
  if (isDeath(cut.kind)) await dieAndGoOn(stage, operation, { kind: cut.kind, calls: cut.calls });
  else await goOn(stage, operation, { kind: cut.kind, calls: cut.calls });
}

function isDeath(kind: Death | Mended): kind is Death {
  return kind in DEATHS;
}

async function dieAndGoOn(
  stage: CutStage,
  operation: Operation,
  { kind, calls }: { kind: Death; calls: readonly string[] },
): Promise<void> {
  const { victims, isCarriedOut } = DEATHS[kind];
  let killed = 0;
  const kill = (): void => {
    killed = killProcesses(stage.renderHost, victims);
  };
  const how: Break = isCarriedOut ? { after: kill } : { before: kill };
  stage.cloud.breakCalls(new Map(calls.map((it) => [it, how])));
  const { failure } = await stage.runApart(operation.name === "destroy" ? "destroy" : "up");
  const cut = { struck: stage.cloud.broken(), killed, hasFailed: failure !== undefined };
  expect(cut).toEqual({ struck: calls, killed: victims.length, hasFailed: true });

  await untilAllEnded(stage.renderHost);
  stage.cloud.breakCalls(new Map());
  stage.clearDeadLocks();
  expect((await runAgain(stage, operation)).failure).toBeUndefined();
}

async function goOn(
  stage: CutStage,
  operation: Operation,
  { kind, calls }: { kind: Mended; calls: readonly string[] },
): Promise<void> {
  const how = MENDED[kind];
  stage.setHasty(how === "silence");
  stage.cloud.breakCalls(new Map(calls.map((it) => [it, how])));
  const { failure } = await run(stage, operation);
  stage.setHasty(false);
  const cut = { failure, struck: stage.cloud.broken().toSorted() };
  expect(cut).toEqual({ failure: undefined, struck: [...calls].toSorted() });
}

function begin(stage: CutStage, { from, wanted }: Operation): void {
  stage.begin(from);
  stage.model = wanted;
}

function run({ engine }: CutStage, { name }: Operation): Promise<Outcome> {
  return name === "destroy" ? engine.destroy() : engine.up();
}

/** The same order as the command line: an `up` first refreshes and clears pending creates. */
async function runAgain({ engine }: CutStage, { name }: Operation): Promise<Outcome> {
  if (name === "destroy") return engine.destroy();
  const outcome = await engine.up(true);
  if (outcome.failure === undefined) await clearPendingCreates(engine.stack, nothing);
  return outcome;
}
