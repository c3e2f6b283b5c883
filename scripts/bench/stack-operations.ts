import type { Outcome } from "../workspace/operation.ts";
import { elapsedMs, type Figure, median } from "./figure.ts";
import { callCount, withOurs } from "./render-stacks.ts";

/** The stacks that live on Render alone. */
const STACKS = ["vega-cockpit", "joslyn-ai", "chorizaurio", "c1c-recruitment"];

/** Runs of each stack from nothing; the middle one is taken. */
const RUNS = 3;

/** The measured operations, in this order. */
const OPERATIONS = ["first-up", "preview", "refresh"] as const;

/** Time and calls of one operation. */
interface Cost {
  readonly seconds: number;
  readonly calls: number;
}

type Costs = Readonly<Record<(typeof OPERATIONS)[number], Cost>>;

/**
 * Time and calls of each stack on the engine and the local cloud, whose deploys take about a
 * second.
 *
 * These figures have no bar, because they depend on the machine. A test compares the calls with the
 * formula in the reference.
 */
export const stackOperations: readonly Figure[] = STACKS.flatMap((stackName) => {
  let runs: Promise<Costs[]> | undefined;
  return OPERATIONS.map((operation) => ({
    name: `${operation}-${stackName}`,
    unit: "s",
    measure: async () => {
      runs ??= measureRuns(stackName);
      const costs = (await runs).map((it) => it[operation]);
      const calls = median(costs.map((it) => it.calls));
      return {
        value: median(costs.map((it) => it.seconds)),
        detail: `${calls} calls to Render, medians of ${RUNS}`,
      };
    },
  }));
});

async function measureRuns(stackName: string): Promise<Costs[]> {
  const all: Costs[] = [];
  for (let run = 0; run < RUNS; run++) all.push(await measureRun(stackName));
  return all;
}

function measureRun(stackName: string): Promise<Costs> {
  return withOurs(stackName, async (ours, { local }) => ({
    "first-up": await costOf(() => ours.up(), local),
    preview: await costOf(ours.preview, local),
    refresh: await costOf(ours.refresh, local),
  }));
}

async function costOf(operation: () => Promise<Outcome>, local: string): Promise<Cost> {
  const before = await callCount(local);
  const elapsed = await elapsedMs(async () => {
    const { failure } = await operation();
    if (failure !== undefined) throw new Error(failure);
  });
  return { seconds: elapsed / 1000, calls: (await callCount(local)) - before };
}
