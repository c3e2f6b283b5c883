import { parseDuration } from "@opspec/runtime/schedule";
import type { Problem } from "../../errors.ts";
import type { JobSpec } from "../../spec/job.ts";
import type { DeepPartial, PartialStackSpec } from "../../spec/stack.ts";
import { DEFAULT_TIMEZONE } from "../defaults.ts";
import { entriesOf } from "../entries.ts";
import { effectiveEnv } from "../variables.ts";

/** Unit of the variable with the hours. */
const HOUR_SECONDS = 3600;

/**
 * Requires that the process has the variables of the schedule, with the same values as the
 * schedule. The variable overrides the schedule at run time, so the preview would be wrong
 * otherwise.
 */
export function validateScheduleVariables(spec: PartialStackSpec): Problem[] {
  return entriesOf(spec.jobs).flatMap(([key, job]) => {
    const { schedule } = job;
    if (!schedule || !("from" in schedule) || !schedule.from) return [];
    const path = `jobs/${key}/schedule/from`;
    if (job.in === undefined) {
      return [
        {
          path,
          message: "is only for jobs with in: other schedulers cannot read variables.",
          remedy: "Set the time, or run the job in a service (in: <service>).",
        },
      ];
    }
    return [...severalTimes(path, schedule), ...differing(spec, path, job)];
  });
}

type SchedulePart = NonNullable<DeepPartial<JobSpec>["schedule"]>;

function severalTimes(path: string, schedule: SchedulePart): Problem[] {
  const hasHour = "from" in schedule && schedule.from && "hour" in schedule.from;
  if (!hasHour || timesOf(schedule).length <= 1) return [];
  return [
    {
      path: `${path}/hour`,
      message: "one variable cannot override several times of day.",
      remedy: "Use one time of day, or one job for each.",
    },
  ];
}

function differing(
  spec: PartialStackSpec,
  path: string,
  { in: service = "", schedule }: DeepPartial<JobSpec>,
): Problem[] {
  const env = effectiveEnv(spec, spec.services?.[service] ?? {});
  const said = saidBy(schedule ?? {}, spec.timezone ?? DEFAULT_TIMEZONE);
  const from = schedule && "from" in schedule ? entriesOf<string>(schedule.from) : [];
  return from.flatMap(([name, variable]) => {
    const value = env.get(variable)?.value;
    const wanted = said[name];
    if (value === undefined || wanted === undefined || String(value) === wanted) return [];
    return [
      {
        path: `${path}/${name}`,
        message: `${variable} is ${String(value)} in "${service}", and the schedule says ${wanted}.`,
        remedy: "Make them equal: the variable overrides the schedule at run time.",
      },
    ];
  });
}

/** The schedule's own value of each part that a variable may set, in the variable's form. */
function saidBy(schedule: SchedulePart, timezone: string): Record<string, string | undefined> {
  const [time] = timesOf(schedule);
  const every = "every" in schedule ? schedule.every : undefined;
  const zone = "timezone" in schedule ? schedule.timezone : undefined;
  return {
    hour: time === undefined ? undefined : String(Number(time.slice(0, 2))),
    timezone: zone ?? timezone,
    everyHours: every === undefined ? undefined : String(parseDuration(every) / HOUR_SECONDS),
    everySeconds: every === undefined ? undefined : String(parseDuration(every)),
  };
}

function timesOf(schedule: SchedulePart): readonly string[] {
  const times =
    "daily" in schedule ? schedule.daily : "weekdays" in schedule ? schedule.weekdays : undefined;
  return [times].flat().filter((it) => it !== undefined);
}
