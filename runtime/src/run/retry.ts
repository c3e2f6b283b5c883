import type { ManifestJob } from "../contract/job.ts";
import { EXIT } from "../contract/exit-code.ts";

/** Before the first retry, when the job does not say. */
const BACKOFF_SECONDS = 10;

/** No pause between two attempts is longer: a job would look stuck. */
const PAUSE_MS_MAX = 15 * 60_000;

/** A pause is shorter or longer by up to this part, so that jobs that failed together do not come back together. */
const JITTER = 0.2;

/** Whether a failure with this exit code is tried again after so many attempts. */
export function isRetried(
  retries: ManifestJob["retries"],
  { attempt, exitCode }: { attempt: number; exitCode: number | undefined },
): boolean {
  if (!retries || attempt > retries.max) return false;
  if (exitCode === EXIT.configuration) return false;
  // What is away for now may be back: that is what 75 is for, also where other codes are listed.
  if (exitCode === EXIT.temporary || !retries.on) return true;
  return exitCode !== undefined && retries.on.includes(exitCode);
}

/** The pause after an attempt: it doubles each time. `random` is from 0 to 1. */
export function retryPauseMs(
  retries: ManifestJob["retries"],
  attempt: number,
  random: number,
): number {
  const firstMs = (retries?.backoffSeconds ?? BACKOFF_SECONDS) * 1000;
  const pauseMs = Math.min(firstMs * 2 ** (attempt - 1), PAUSE_MS_MAX);
  return Math.round(pauseMs * (1 - JITTER + 2 * JITTER * random));
}
