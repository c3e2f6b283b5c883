/**
 * Work that is done once: by the first call, or by a later one while it fails.
 *
 * A store is prepared by its first use, so that one that is away at the start of a process stops
 * only what needs it, and is used as soon as it is back.
 */
export function untilItWorks(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work().catch((error: unknown) => {
      done = undefined;
      throw error;
    });
    return done;
  };
}
