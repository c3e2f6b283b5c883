/** What operators and jobs may do with the app that a process supervises. */
export interface AppControl {
  /** Ends the app in order and leaves it down until `start`; the process itself stays up. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Throws when the app is not well: it ended, or its own path does not answer. */
  check(): Promise<void>;
  /** Ends and starts it; the reason is logged. It does not count as a crash. */
  restart(reason: string): Promise<void>;
}
