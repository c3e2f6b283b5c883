/** One measured figure and its bar. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  /** The highest acceptable value; absent for figures that depend only on the machine's speed. */
  readonly bar?: number;
  readonly measure: () => Promise<Measured>;
}

export interface Measured {
  readonly value: number;
  /** How it was measured: both sides of a ratio, the number of runs. */
  readonly detail: string;
}

/** The middle value; of an even number, the lower of the two. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}

/** Milliseconds that an action takes. */
export async function elapsedMs(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await action();
  return performance.now() - start;
}
