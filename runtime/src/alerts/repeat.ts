/** Something that is done again and again, until it is stopped. */
export interface Repeated {
  /** Does it now, after what is being done: two rounds never overlap. */
  round(): Promise<void>;
  stop(): Promise<void>;
}

/** Does it at once and then with the same pause after each round. It must not throw. */
export function repeat(work: () => Promise<void>, everyMs: number): Repeated {
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  let last = Promise.resolve();
  const round = (): Promise<void> => {
    last = last.then(() => (isStopped ? undefined : work()));
    return last;
  };
  const plan = (): void => {
    timer = setTimeout(() => void round().then(() => isStopped || plan()), everyMs);
    timer.unref();
  };
  void round().then(() => isStopped || plan());
  return {
    round,
    stop: async () => {
      isStopped = true;
      clearTimeout(timer);
      await last;
    },
  };
}
