/** Exit codes of the runtime's commands. @see sysexits(3) for 75 and 78, coreutils timeout(1) for 124 */
export const EXIT = {
  /** Done, or skipped. */
  ok: 0,
  failed: 1,
  usage: 2,
  /** A retry may help. */
  temporary: 75,
  /** The configuration is invalid. A retry does not help. */
  configuration: 78,
  timedOut: 124,
} as const;
