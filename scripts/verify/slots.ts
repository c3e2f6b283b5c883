/** Limits how many tasks run at the same time. */
export type Slots = <T>(work: () => Promise<T>) => Promise<T>;

/** Creates a limit; tasks above it wait in order. */
export function slotsFor(max: number): Slots {
  let free = max;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      // The slot is handed to the next task directly, so that a later one cannot take it.
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}
