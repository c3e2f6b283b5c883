import { compileUtcCron, parseSchedule, ScheduleError } from "@opspec/runtime/schedule";
import type { Problem } from "../../errors.ts";
import type { ScheduleSpec } from "../../spec/schedule.ts";
import type { PartialStackSpec } from "../../spec/stack.ts";
import { DEFAULT_TIMEZONE } from "../defaults.ts";
import { entriesOf } from "../entries.ts";
import { isTwoCrons, seasonalCrons } from "../seasons.ts";

/** Refuses schedules that a UTC cron cannot express, for jobs on Render. */
export function validateSchedules(spec: PartialStackSpec): Problem[] {
  return entriesOf(spec.jobs).flatMap(([key, { on, calls, schedule }]) => {
    if (schedule === undefined) return [];
    if (on !== "render") return "dst" in schedule ? [dstElsewhere(`jobs/${key}/schedule/dst`)] : [];
    if ("dst" in schedule && calls !== undefined)
      return [dstOfCall(`jobs/${key}/schedule/dst`, calls)];
    const keys = Object.keys(schedule);
    if (keys.length > 1 && "onStart" in schedule && schedule.onStart === true) {
      return [
        {
          path: `jobs/${key}/schedule/onStart`,
          message: "onStart does not apply to a Render cron job.",
          remedy: "Remove it, or run the job in a service (in: <service>).",
        },
      ];
    }
    return renderProblem(`jobs/${key}/schedule`, schedule, spec.timezone ?? DEFAULT_TIMEZONE);
  });
}

function renderProblem(path: string, schedule: Partial<ScheduleSpec>, timezone: string): Problem[] {
  try {
    if (isTwoCrons(schedule)) seasonalCrons(schedule, timezone);
    else compileUtcCron(parseSchedule(schedule, timezone));
    return [];
  } catch (error) {
    if (!(error instanceof ScheduleError)) throw error;
    return [{ path, message: error.message, remedy: error.remedy }];
  }
}

function dstElsewhere(path: string): Problem {
  return {
    path,
    message: "is only for jobs with on: render; elsewhere the runtime handles the time zone.",
    remedy: "Remove it.",
  };
}

/** Only a job that the cron runs itself can tell which of its two ticks applies. */
function dstOfCall(path: string, service: string): Problem {
  return {
    path,
    message:
      "does not apply to jobs that call a service: the service's runtime handles the time zone.",
    remedy: `Remove it, and use in: ${service} instead of on: and calls:.`,
  };
}
