import { compileUtcCron, parseSchedule, ScheduleError } from "@opspec/runtime/schedule";
import type { Problem } from "../../errors.ts";
import type { ScheduleSpec } from "../../spec/schedule.ts";
import type { PartialStackSpec } from "../../spec/stack.ts";
import { DEFAULT_TIMEZONE } from "../defaults.ts";
import { entriesOf } from "../entries.ts";

/** A job on Render runs at times that a UTC cron can say. */
export function ensureSchedules(spec: PartialStackSpec): Problem[] {
  return entriesOf(spec.jobs).flatMap(([key, { on, schedule }]) => {
    if (on !== "render" || schedule === undefined) return [];
    const keys = Object.keys(schedule);
    if (keys.length > 1 && "onStart" in schedule && schedule.onStart === true) {
      return [
        {
          path: `jobs/${key}/schedule/onStart`,
          message: "a Render cron job has no process that starts.",
          remedy: "Remove it, or run the job in a service (in: <service>).",
        },
      ];
    }
    return renderProblem(`jobs/${key}/schedule`, schedule, spec.timezone ?? DEFAULT_TIMEZONE);
  });
}

function renderProblem(path: string, schedule: Partial<ScheduleSpec>, timezone: string): Problem[] {
  try {
    compileUtcCron(parseSchedule(schedule, timezone));
    return [];
  } catch (error) {
    if (!(error instanceof ScheduleError)) throw error;
    return [{ path, message: error.message, remedy: error.remedy }];
  }
}
