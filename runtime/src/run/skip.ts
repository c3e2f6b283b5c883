import { isManual, type Run } from "./run.ts";

/** Why a run does nothing, with what else is worth knowing. */
export interface Skip {
  readonly reason: string;
  readonly [detail: string]: unknown;
}

/** A run that could not start in time for its slot is not run at all. */
export function tooLate({ job, process, request, scheduledFor }: Run): Skip | undefined {
  if (job.latestStartSeconds === undefined || isManual(request)) return undefined;
  const lateSeconds = (process.clock.now().getTime() - scheduledFor.getTime()) / 1000;
  if (lateSeconds <= job.latestStartSeconds) return undefined;
  const reason = `it could not start within ${job.latestStartSeconds} s of its slot`;
  return { reason, lateSeconds: Math.round(lateSeconds) };
}
