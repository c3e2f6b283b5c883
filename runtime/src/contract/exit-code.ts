/** How a command of the runtime ends. @see sysexits(3) for 75 and 78, coreutils timeout(1) for 124 */
export const EXIT = {
  /** Done, or rightly not done: a skipped run is no failure. */
  ok: 0,
  failed: 1,
  usage: 2,
  /** Something is away for now: another try may help. */
  temporary: 75,
  /** The configuration is wrong: another try does not help. */
  configuration: 78,
  timedOut: 124,
} as const;
