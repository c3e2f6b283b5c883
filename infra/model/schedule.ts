import { compileUtcCron, describeSchedule, parseSchedule } from "@opspec/runtime/schedule";
import type { ScheduleSpec } from "../spec/schedule.ts";
import type { ScheduleModel } from "./stack-model.ts";

/** A schedule that Render can start. The rules have refused those that UTC cannot say. */
export function modelRenderSchedule(spec: ScheduleSpec, timezone: string): ScheduleModel {
  const schedule = parseSchedule(spec, timezone);
  const utcCron = compileUtcCron(schedule);
  return {
    text: describeSchedule(schedule),
    timezone: schedule.timezone,
    pattern: schedule.pattern ?? utcCron,
    utcCron,
  };
}
