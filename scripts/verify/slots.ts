/** Starts work when one of a fixed number of slots is free. */
export type Slots = <T>(work: () => Promise<T>) => Promise<T>;

/** Slots for so many things at once; what comes later waits its turn. */
export function slotsFor(max: number): Slots {
  let free = max;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      // A slot is handed over, so that nobody who comes in between takes it.
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}
