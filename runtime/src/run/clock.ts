/** A clock. Tests use another one instead of waiting for days. */
export interface Clock {
  now(): Date;
}

export const SYSTEM_CLOCK: Clock = { now: () => new Date() };

/**
 * The wall clock at the process's start plus the elapsed monotonic time.
 *
 * Ages are measured with it, so that a change of the wall clock neither fails checks nor hides a
 * missing heartbeat.
 */
export const steadyClock: Clock = {
  now: () => new Date(performance.timeOrigin + performance.now()),
};
