import type { ManifestSchedule } from "./job.ts";
import {
  parseSchedule,
  type Schedule,
  ScheduleError,
  type ScheduleText,
} from "../schedule/schedule.ts";
import { ConfigurationError } from "./configuration-error.ts";
import { type Env, valueOf } from "./env.ts";

/** A named schedule, for messages. */
interface NamedSchedule {
  readonly name: string;
  readonly schedule: ManifestSchedule;
}

/** A year has so many hours; an interval of more is written in the spec. */
const HOURS_MAX = 24 * 366;

/** Shortest interval that a variable may set, in s; see docs/sources.md. */
const SECONDS_MIN = 60;

/**
 * A job's schedule as this environment makes it: where the variables of `from` are set, they say
 * the hour, the interval or the zone instead. Where they are not, it is the manifest's own.
 */
export function bindSchedule({ name, schedule }: NamedSchedule, env: Env): Schedule {
  const { pattern, everySeconds, onStart = false, from = {} } = schedule;
  const timezone = textOf(from.timezone, env) ?? schedule.timezone;
  const hours = { job: name, unit: "hours" };
  const seconds = { job: name, unit: "seconds", min: SECONDS_MIN, max: HOURS_MAX * 3600 };
  const everyHours = wholeNumber(from.everyHours, env, { ...hours, min: 1, max: HOURS_MAX });
  const everyOf = wholeNumber(from.everySeconds, env, seconds);
  const hour = wholeNumber(from.hour, env, { ...hours, min: 0, max: 23 });
  if (everyHours !== undefined) return read(name, from, { every: `${everyHours}h`, onStart });
  if (everyOf !== undefined) return read(name, from, { every: `${everyOf}s`, onStart });
  if (everySeconds !== undefined) {
    return { ...(pattern === undefined ? {} : { pattern }), everySeconds, onStart, timezone };
  }
  if (pattern === undefined) return { onStart, timezone };
  const cron = hour === undefined ? pattern : withHour(pattern, hour);
  return read(name, from, { cron, onStart, timezone });
}

function textOf(variable: string | undefined, env: Env): string | undefined {
  return variable === undefined ? undefined : valueOf(env, variable)?.trim();
}

function wholeNumber(
  variable: string | undefined,
  env: Env,
  { job, unit, min, max }: { job: string; unit: string; min: number; max: number },
): number | undefined {
  const text = textOf(variable, env);
  if (variable === undefined || text === undefined) return undefined;
  const value = /^\d{1,8}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  const message = `it should be a whole number of ${unit} from ${min} to ${max}.`;
  const remedy = `Correct it: it is part of the schedule of the job ${job}.`;
  throw new ConfigurationError([{ where: variable, message, remedy }]);
}

function withHour(pattern: string, hour: number): string {
  const [minute = "0", , ...days] = pattern.split(" ");
  return [minute, String(hour), ...days].join(" ");
}

/** The pattern comes from a deployed manifest, so what cannot be read is the variable's zone. */
function read(
  job: string,
  { timezone }: NonNullable<ManifestSchedule["from"]>,
  text: ScheduleText,
): Schedule {
  try {
    return parseSchedule(text, "UTC");
  } catch (error) {
    if (!(error instanceof ScheduleError)) throw error;
    const where = timezone ?? `jobs/${job}/schedule`;
    throw new ConfigurationError([{ where, message: error.message, remedy: error.remedy }]);
  }
}
