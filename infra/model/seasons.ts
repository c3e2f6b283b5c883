import { compileSeasonalCrons, parseSchedule, type SeasonalCron } from "@opspec/runtime/schedule";
import type { JobSpec } from "../spec/job.ts";
import type { ScheduleSpec } from "../spec/schedule.ts";

/**
 * How much earlier than the next change of offset a late tick stops counting. Two crons of one job
 * are as far apart as its zone's clock changes, so a tick that is later than that is the other's.
 */
const TOLERANCE_MARGIN_SECONDS = 5 * 60;

/** Whether a schedule asks for one cron for summer and one for winter. */
export function isTwoCrons(schedule: Partial<ScheduleSpec>): boolean {
  return "dst" in schedule && schedule.dst === "two-crons";
}

/** The crons of a schedule that asks for two: first that of winter, then that of summer. */
export function seasonalCrons(
  schedule: Partial<ScheduleSpec>,
  timezone: string,
): readonly SeasonalCron[] {
  return compileSeasonalCrons(parseSchedule(schedule, timezone));
}

/** How late a tick may be that still belongs to its slot; undefined for jobs with one cron. */
export function slotToleranceSeconds(job: JobSpec, timezone: string): number | undefined {
  if (!isTwoCrons(job.schedule)) return undefined;
  const [winter, summer] = seasonalCrons(job.schedule, timezone);
  if (!winter || !summer) return undefined;
  return (summer.offsetMinutes - winter.offsetMinutes) * 60 - TOLERANCE_MARGIN_SECONDS;
}
