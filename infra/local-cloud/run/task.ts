/** A task of a service. The key identifies it, so that the same task is not started twice. */
export interface Work {
  readonly key: string;
  readonly carryOut: (signal: AbortSignal) => Promise<void>;
}

/** Executes one task at a time, and aborts it when it is no longer wanted. */
export interface Worker {
  /** Reevaluates which task is wanted. */
  readonly reevaluate: () => void;
  /** Aborts the current task and starts no other. */
  readonly end: () => Promise<void>;
}

/** Creates a worker for the task that `wanted` returns. */
export function createWorker(
  wanted: () => Work | undefined,
  onError: (error: unknown) => void,
): Worker {
  const state: {
    task?: { readonly key: string; readonly abort: AbortController; readonly done: Promise<void> };
    isEnding: boolean;
  } = { isEnding: false };

  function reevaluate(): void {
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
    // Wait until the caller has stored the task.
    await Promise.resolve();
    delete state.task;
    reevaluate();
  }

  return {
    reevaluate,
    async end() {
      state.isEnding = true;
      state.task?.abort.abort();
      await state.task?.done;
    },
  };
}
