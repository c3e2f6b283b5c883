import { compileUtcCron, describeSchedule, parseSchedule } from "@opspec/runtime/schedule";
import type { ScheduleSpec } from "../spec/schedule.ts";
import { SUMMER_SUFFIX } from "./names.ts";
import { isTwoCrons, seasonalCrons } from "./seasons.ts";
import type { ScheduleModel } from "./stack-model.ts";

/** The schedule of one cron, and the name suffix of a job's second cron. */
export interface CronSchedule extends ScheduleModel {
  readonly suffix?: string;
}

/** The cron schedules on Render: one, or two with `dst: two-crons` in a zone with summer time. */
export function modelRenderSchedules(spec: ScheduleSpec, timezone: string): CronSchedule[] {
  const schedule = parseSchedule(spec, timezone);
  const text = describeSchedule(schedule);
  const zone = schedule.timezone;
  if (isTwoCrons(spec)) {
    return seasonalCrons(spec, timezone).map(({ utcCron }, index) => ({
      text: `${text}, ${index === 0 ? "winter" : "summer"}`,
      timezone: zone,
      pattern: schedule.pattern ?? utcCron,
      utcCron,
      ...(index === 0 ? {} : { suffix: SUMMER_SUFFIX }),
    }));
  }
  const utcCron = compileUtcCron(schedule);
  return [{ text, timezone: zone, pattern: schedule.pattern ?? utcCron, utcCron }];
}
