/** Tells the time. Tests give another one where waiting for the real time would take days. */
export interface Clock {
  now(): Date;
}

export const SYSTEM_CLOCK: Clock = { now: () => new Date() };

/**
 * The machine's time when the process began plus the time since.
 *
 * Ages are measured with it, so that a clock that is set forward or back neither fails every check
 * nor keeps a silent heartbeat young.
 */
export const steadyClock: Clock = {
  now: () => new Date(performance.timeOrigin + performance.now()),
};
