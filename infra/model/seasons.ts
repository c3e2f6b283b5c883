import { compileSeasonalCrons, parseSchedule, type SeasonalCron } from "@opspec/runtime/schedule";
import type { JobSpec } from "../spec/job.ts";
import type { ScheduleSpec } from "../spec/schedule.ts";

/**
 * Margin before the next change of offset in which a late tick no longer counts. The two crons
 * of a job are one offset apart, so a tick that is later belongs to the other cron.
 */
const TOLERANCE_MARGIN_SECONDS = 5 * 60;

/** Whether the schedule has one cron for summer and one for winter. */
export function isTwoCrons(schedule: Partial<ScheduleSpec>): boolean {
  return "dst" in schedule && schedule.dst === "two-crons";
}

/** The two crons of a schedule: first winter, then summer. */
export function seasonalCrons(
  schedule: Partial<ScheduleSpec>,
  timezone: string,
): readonly SeasonalCron[] {
  return compileSeasonalCrons(parseSchedule(schedule, timezone));
}

/** Maximum delay of a tick that still belongs to its slot; undefined for jobs with one cron. */
export function slotToleranceSeconds(job: JobSpec, timezone: string): number | undefined {
  if (!isTwoCrons(job.schedule)) return undefined;
  const [winter, summer] = seasonalCrons(job.schedule, timezone);
  if (!winter || !summer) return undefined;
  return (summer.offsetMinutes - winter.offsetMinutes) * 60 - TOLERANCE_MARGIN_SECONDS;
}
