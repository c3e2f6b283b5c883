/** Work that repeats until it is stopped. */
export interface Interval {
  /** Runs the work now, after a round that is still running: two rounds never overlap. */
  round(): Promise<void>;
  stop(): Promise<void>;
}

/** Runs the work at once, and again `everyMs` after each round. The work must not throw. */
export function startInterval(work: () => Promise<void>, everyMs: number): Interval {
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  let last = Promise.resolve();
  const round = (): Promise<void> => {
    last = last.then(() => (isStopped ? undefined : work()));
    return last;
  };
  const runAndSchedule = async (): Promise<void> => {
    await round();
    if (isStopped) return;
    timer = setTimeout(() => void runAndSchedule(), everyMs).unref();
  };
  void runAndSchedule();
  return {
    round,
    stop: async () => {
      isStopped = true;
      clearTimeout(timer);
      await last;
    },
  };
}
