import { nextRuns, parseSchedule } from "@opspec/runtime/schedule";
import type { Deployment } from "./deployment.ts";
import { runnerOf } from "./ops.ts";

/**
 * The first time after the newest deploy at which a job is due; `undefined` when nobody can tell.
 *
 * A job that was deployed today and runs at night has no run yet, which is not a failure.
 */
export function firstDue(job: string, { model, observed }: Deployment): Date | undefined {
  const crons = model.jobs.filter((it) => it.key === job || it.job === job);
  const fromCrons = crons.map(({ key, schedule: { pattern, timezone } }) =>
    nextAfter(observed.jobs[key]?.deployedAt, { pattern, timezone }),
  );
  const inService = model.inServiceJobs.find((it) => it.key === job);
  const owner = inService && inService.owner.kind !== "vm" ? inService.owner.service : undefined;
  const schedule = runnerOf(job, model)?.jobs.find(({ name }) => name === job)?.schedule;
  const deployedAt = owner === undefined ? undefined : observed.services[owner]?.deployedAt;
  const all = schedule ? [...fromCrons, nextAfter(deployedAt, schedule)] : fromCrons;
  const known = all.filter((it) => it !== undefined);
  return known.toSorted((a, b) => a.getTime() - b.getTime())[0];
}

/** A schedule in the model or in a manifest. */
interface Times {
  readonly pattern?: string | undefined;
  readonly timezone?: string | undefined;
  readonly everySeconds?: number | undefined;
  readonly onStart?: boolean | undefined;
  readonly from?: object | undefined;
}

function nextAfter(deployedAt: string | undefined, times: Times): Date | undefined {
  if (deployedAt === undefined || Number.isNaN(Date.parse(deployedAt))) return undefined;
  const start = new Date(deployedAt);
  const { pattern, timezone = "UTC", everySeconds, onStart, from } = times;
  // Variables of the process override the schedule, and only the process knows their values.
  if (from !== undefined) return undefined;
  if (onStart) return start;
  if (everySeconds !== undefined) return new Date(start.getTime() + everySeconds * 1000);
  if (pattern === undefined) return undefined;
  return nextRuns(parseSchedule({ cron: pattern }, timezone), start, 1)[0];
}
