import { expect } from "vitest";
import type { Outcome } from "../../scripts/workspace/operation.ts";
import { clearPendingCreates } from "../../scripts/workspace/pending-creates.ts";
import type { StackModel } from "../model/stack-model.ts";
import type { Break } from "./breakable-cloud.ts";
import type { CutStage, Left, Moment } from "./cut-stage.ts";
import { ENGINE, killProcesses, PLUGIN, untilAllEnded } from "./engine-processes.ts";

/** What is cut: from where it begins, what it does, and how an operator runs it again. */
export interface Operation {
  readonly name: "create" | "update" | "destroy";
  readonly from: Moment;
  readonly wanted: StackModel;
}

/** The kinds of death: who dies, at which calls, and whether that call was carried out. */
const DEATHS = {
  "plugin dies before": { victims: [PLUGIN], atReads: false, isCarriedOut: false },
  "plugin dies after": { victims: [PLUGIN], atReads: true, isCarriedOut: true },
  // The plugin lives on for a moment and brings what it has begun to its end.
  "engine dies": { victims: [ENGINE], atReads: true, isCarriedOut: true },
  "machine dies before": { victims: [ENGINE, PLUGIN], atReads: false, isCarriedOut: false },
  "machine dies after": { victims: [ENGINE, PLUGIN], atReads: false, isCarriedOut: true },
} as const;

const nothing = (): void => undefined;

/** The kinds that the plugin mends by itself. */
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

/** Calls that are cut in one run, each in the same way. Whoever dies does so once, at one call. */
export type Cut =
  | { readonly kind: Mended; readonly calls: readonly string[] }
  | { readonly kind: Death; readonly calls: readonly [string] };

/** What a run without a cut calls and leaves. */
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

/** The deaths of these kinds at each of the calls: one call, one run. A read is the same before and after. */
export function deathsAt(kinds: readonly Death[], calls: readonly string[]): Cut[] {
  return kinds.flatMap((kind) =>
    calls
      .filter((it) => DEATHS[kind].atReads || !it.startsWith("GET "))
      .map((call): Cut => ({ kind, calls: [call] })),
  );
}

/**
 * What the plugin mends by itself, of each kind: it strikes all of the calls of one run.
 *
 * A second call of the same text has a run of its own, because the repetition of the first is one too.
 */
export function mendedAt(calls: readonly string[]): Cut[] {
  const rounds = Map.groupBy(calls, (it) => /#\d+$/.exec(it)?.[0]);
  return MENDED_KINDS.flatMap((kind) =>
    [...rounds.values()].map((round): Cut => ({ kind, calls: round })),
  );
}

/** Every cut of one call at a time. */
export function eachCutAt(calls: readonly string[]): Cut[] {
  const mended = MENDED_KINDS.flatMap((kind) =>
    calls.map((call): Cut => ({ kind, calls: [call] })),
  );
  return [...mended, ...deathsAt(DEATH_KINDS, calls)];
}

/**
 * Cuts an operation, runs it again where the cut ended it, and expects what a clean run leaves.
 *
 * The cloud's own list must say that each of the calls was struck, a death must have found everybody
 * who was to die, and what the plugin mends by itself must not have failed.
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

/** As the command line does it: an `up` looks first at what is really there, and at what was pending last. */
async function runAgain({ engine }: CutStage, { name }: Operation): Promise<Outcome> {
  if (name === "destroy") return engine.destroy();
  const outcome = await engine.up(true);
  if (outcome.failure === undefined) await clearPendingCreates(engine.stack, nothing);
  return outcome;
}
