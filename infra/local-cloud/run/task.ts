/** Something that is being done for a service; its key says what, so that the same is not begun twice. */
export interface Work {
  readonly key: string;
  readonly carryOut: (signal: AbortSignal) => Promise<void>;
}

/** Does one thing after the other, and gives up what is not wanted any more. */
export interface Worker {
  /** Looks again at what is wanted. */
  readonly look: () => void;
  /** Gives up and begins nothing any more. */
  readonly end: () => Promise<void>;
}

/** A worker on what `wanted` names at each look. */
export function createWorker(
  wanted: () => Work | undefined,
  onError: (error: unknown) => void,
): Worker {
  const state: {
    task?: { readonly key: string; readonly abort: AbortController; readonly done: Promise<void> };
    isEnding: boolean;
  } = { isEnding: false };

  function look(): void {
    if (state.isEnding) return;
    const work = wanted();
    if (state.task) {
      if (work?.key !== state.task.key) state.task.abort.abort();
    } else if (work) {
      begin(work);
    }
  }

  function begin({ key, carryOut }: Work): void {
    const abort = new AbortController();
    state.task = { key, abort, done: finish(carryOut, abort.signal) };
  }

  async function finish(carryOut: Work["carryOut"], signal: AbortSignal): Promise<void> {
    try {
      await carryOut(signal);
    } catch (error) {
      if (!signal.aborted) onError(error);
    }
    // Not before whoever began it has remembered it.
    await Promise.resolve();
    delete state.task;
    look();
  }

  return {
    look,
    async end() {
      state.isEnding = true;
      state.task?.abort.abort();
      await state.task?.done;
    },
  };
}
