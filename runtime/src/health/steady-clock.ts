/** Tells the time. Injected, so that a test decides what time it is. */
export interface Clock {
  now(): Date;
}

/**
 * The machine's time when the process began plus what has passed since.
 *
 * Ages are measured with it: a clock that is set forward or back must neither fail every check nor
 * keep a silent heartbeat young.
 */
export const steadyClock: Clock = {
  now: () => new Date(performance.timeOrigin + performance.now()),
};
