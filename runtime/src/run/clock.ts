/** Tells the time. Tests give another one where waiting for the real time would take days. */
export interface Clock {
  now(): Date;
}

export const SYSTEM_CLOCK: Clock = { now: () => new Date() };
