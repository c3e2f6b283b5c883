/** The part of the state that the clock needs: how far the cloud is ahead of real time. */
interface ClockOffset {
  readonly clockOffsetMs: number;
}

const NANOSECONDS_PER_MS = 1_000_000n;

/** The largest fraction of a second that still rounds to the same second in microseconds. */
const MICROSECONDS_MAX = 999_999;

/** The cloud's time: real time plus what `POST /__local/clock` has added. */
export function nowMs(offset: ClockOffset): number {
  return Date.now() + offset.clockOffsetMs;
}

/**
 * An instant in nanoseconds, as in Render's POST answers, for example
 * `2026-11-22T00:00:00.123456789Z`.
 */
export function nanoTimestamp(atMs: number): string {
  // Never a multiple of 1,000, so that the rounding of later answers is always visible.
  const belowMs = String(process.hrtime.bigint() % NANOSECONDS_PER_MS).padStart(6, "0");
  const digits = belowMs.endsWith("000") ? `${belowMs.slice(0, 3)}001` : belowMs;

  return new Date(atMs).toISOString().replace("Z", `${digits}Z`);
}

/** An instant in microseconds, as in Render's GET answers. */
export function timestamp(atMs: number): string {
  return roundedTimestamp(nanoTimestamp(atMs));
}

/** An instant that is computed for each answer, so it has no digits below a millisecond. */
export function exactTimestamp(atMs: number): string {
  return new Date(atMs).toISOString().replace("Z", "000Z");
}

/**
 * The same instant rounded to microseconds.
 *
 * Render answers a POST with nanoseconds and every later GET with microseconds, which looks like drift to a
 * client that compares the texts.
 */
export function roundedTimestamp(text: string): string {
  const [seconds = "", fraction = "0Z"] = text.split(".");
  const micros = Math.round(Number(fraction.slice(0, -1).padEnd(9, "0")) / 1000);

  return `${seconds}.${String(Math.min(micros, MICROSECONDS_MAX)).padStart(6, "0")}Z`;
}
/** How long the asynchronous steps of the cloud take, in milliseconds. */
export interface PhaseTimes {
  readonly buildMs: number;
  readonly preDeployMs: number;
  readonly updateMs: number;
  readonly databaseMs: number;
  readonly keyValueMs: number;
  readonly jobMs: number;
}

/** One step of a local deploy: long enough to be seen while it runs, short enough for tests. */
const FAST_MS = 300;

/** Every step takes the same short time. */
export const FAST_PHASES: PhaseTimes = {
  buildMs: FAST_MS,
  preDeployMs: FAST_MS,
  updateMs: FAST_MS,
  databaseMs: FAST_MS,
  keyValueMs: FAST_MS,
  jobMs: FAST_MS,
};

/** The order of magnitude of a small service on Render: minutes, not the limits of 120, 30 and 15 minutes. */
export const REALISTIC_PHASES: PhaseTimes = {
  buildMs: 60_000,
  preDeployMs: 10_000,
  updateMs: 20_000,
  databaseMs: 60_000,
  keyValueMs: 15_000,
  jobMs: 20_000,
};
