import { RenderError } from "./answer.ts";

/** A wait that has a limit of its own besides the time of its caller. */
export interface LimitedWait {
  readonly limitMs: number;
  /** Names the thing and its last status, asked for when the time is up. */
  readonly late: () => string;
  readonly wait: (signal: AbortSignal) => Promise<void>;
}

/**
 * Waits, at most as long as the limit.
 *
 * @throws with the thing, its last status and the limit, where the platform says only "aborted"
 */
export async function withinLimit(
  outer: AbortSignal,
  { limitMs, late, wait }: LimitedWait,
): Promise<void> {
  const deadline = AbortSignal.timeout(limitMs);
  try {
    await wait(AbortSignal.any([outer, deadline]));
  } catch (error) {
    if (!deadline.aborted || outer.aborted) throw error;
    throw new RenderError(
      `Render: ${late()} after ${inWords(limitMs)}, the limit. Look at it in the dashboard, then run up again.`,
      { maybeDone: false, cause: error },
    );
  }
}

/** A time as people say it: `0.04 s`, `45 s`, `57 min`. */
export function inWords(ms: number): string {
  return ms < 60_000
    ? `${ms < 1000 ? ms / 1000 : Math.ceil(ms / 1000)} s`
    : `${Math.round(ms / 60_000)} min`;
}
