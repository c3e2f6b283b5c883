import { parseSchedule, type ScheduleText } from "@opspec/runtime/schedule";
import { ScheduleError } from "@opspec/runtime/schedule";
import { z } from "zod";
import { Duration, EnvName, oneOrMore } from "./scalar.ts";

const timezone = z
  .string()
  .refine(
    accepts((zone) => ({ manual: true, timezone: zone })),
    { error: errorOf((zone) => ({ manual: true, timezone: zone })) },
  )
  .optional()
  .meta({
    id: "timezone",
    description: "IANA time zone. Default: the stack's time zone.",
    examples: ["America/Mazatlan", "UTC"],
  });

const onStart = z
  .boolean()
  .optional()
  .meta({
    description: "Also run once when the process that runs the job starts.",
    examples: [true],
  });

const dst = z
  .literal("two-crons")
  .optional()
  .meta({
    description:
      "With on: render and a time zone with daylight saving time: use two cron jobs, one for summer and one for winter. Only the one that matches the current season runs.",
    examples: ["two-crons"],
  });

const variable = EnvName.optional();

const hourFrom = z
  .strictObject({
    hour: variable.meta({
      description: "Variable with the hour, 0 to 23.",
      examples: ["BACKUP_TIME_HOUR"],
    }),
    timezone: variable.meta({
      description: "Variable with the time zone.",
      examples: ["BACKUP_TIMEZONE"],
    }),
  })
  .optional()
  .meta({
    id: "hourFrom",
    description: "With in: variables that override the time when they are set.",
    examples: [{ hour: "BACKUP_TIME_HOUR", timezone: "BACKUP_TIMEZONE" }],
  });

const hoursFrom = z
  .strictObject({
    everyHours: variable.meta({
      description: "Variable with the interval in hours.",
      examples: ["BACKUP_INTERVAL_HOURS"],
    }),
    everySeconds: variable.meta({
      description: "Variable with the interval in seconds, at least 60.",
      examples: ["KEEPALIVE_INTERVAL"],
    }),
  })
  .optional()
  .meta({
    id: "hoursFrom",
    description: "With in: a variable that overrides the interval when it is set.",
    examples: [{ everyHours: "BACKUP_INTERVAL_HOURS" }],
  });

const timeOfDay = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'should be hours and minutes in quotes, such as "09:30"');

const times = oneOrMore(timeOfDay);

/** When a job runs. Every form means the same on Render, in a service and on a VM. */
export const ScheduleSpec = z
  .union([
    z.strictObject({
      every: Duration.meta({
        description:
          "Interval, counted from 1970-01-01T00:00Z: 1h is every full hour, 7d is Thursday 00:00 UTC.",
        examples: ["15m", "1h", "7d"],
      }),
      onStart,
      from: hoursFrom,
    }),
    z.strictObject({
      cron: z
        .string()
        .refine(
          accepts((cron) => ({ cron })),
          { error: errorOf((cron) => ({ cron })) },
        )
        .meta({
          description: "Five-field cron expression, in the time zone.",
          examples: ["0 */6 * * *"],
        }),
      timezone,
      onStart,
      dst,
    }),
    z.strictObject({
      daily: times.meta({
        description: "Times of day, every day.",
        examples: ["09:30", ["02:00", "10:00", "18:00"]],
      }),
      timezone,
      onStart,
      dst,
      from: hourFrom,
    }),
    z.strictObject({
      weekdays: times.meta({ description: "Times of day, Monday to Friday.", examples: ["13:00"] }),
      timezone,
      onStart,
      dst,
      from: hourFrom,
    }),
    z.strictObject({
      manual: z
        .literal(true)
        .meta({ description: "Only when a person starts the job.", examples: [true] }),
    }),
    z.strictObject({
      onStart: z
        .literal(true)
        .meta({ description: "Only when the process that runs the job starts.", examples: [true] }),
    }),
  ])
  .meta({
    id: "schedule",
    description: "When the job runs.",
    examples: [{ every: "1h" }, { cron: "0 */6 * * *", timezone: "UTC" }, { weekdays: "13:00" }],
  });

export type ScheduleSpec = z.infer<typeof ScheduleSpec>;

/** The time zone of a stack. */
export const TimezoneSpec = timezone;

function accepts(toText: (value: string) => ScheduleText): (value: string) => boolean {
  return (value) => refusal(toText(value)) === undefined;
}

function errorOf(toText: (value: string) => ScheduleText): (issue: { input?: unknown }) => string {
  return (issue) => refusal(toText(String(issue.input))) ?? "is not valid";
}

function refusal(text: ScheduleText): string | undefined {
  try {
    parseSchedule(text, "UTC");
    return undefined;
  } catch (error) {
    if (error instanceof ScheduleError) return `${error.message} ${error.remedy}`;
    throw error;
  }
}
