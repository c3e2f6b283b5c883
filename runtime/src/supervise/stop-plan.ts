/** Kept for closing what is open after everything has ended: a tenth, and at least so long, in ms. */
const CLOSING_MS_MIN = 500;

/** Shares of the time that the platform gives between SIGTERM and SIGKILL, in ms. */
export interface StopPlan {
  /** Running jobs get a third: a job is safe to stop, and an app has people waiting. */
  readonly jobsMs: number;
  readonly appMs: number;
  readonly closingMs: number;
}

/** Divides the platform's grace so that everything has ended before it does. */
export function stopPlan(graceSeconds: number): StopPlan {
  const graceMs = graceSeconds * 1000;
  const closingMs = Math.min(graceMs / 2, Math.max(CLOSING_MS_MIN, graceMs / 10));
  const jobsMs = (graceMs - closingMs) / 3;
  return { jobsMs, appMs: graceMs - closingMs - jobsMs, closingMs };
}
