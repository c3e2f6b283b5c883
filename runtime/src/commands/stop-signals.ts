/** The signals with which platforms and people end a process. */
const STOP_SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP"] as const;

/** Aborts `stop` when this process is told to end. */
export function stopOnSignals(stop: AbortController = new AbortController()): AbortController {
  for (const signal of STOP_SIGNALS) process.on(signal, () => stop.abort());
  return stop;
}
