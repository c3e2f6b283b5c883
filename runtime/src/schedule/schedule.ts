import { Cron } from "croner";
import { type CronPattern, parseCronPattern, ScheduleError } from "./cron-pattern.ts";
import { describeCron, describeEvery } from "./schedule-words.ts";
import { renderSeasonalCrons, renderUtcCron, type SeasonalCron } from "./utc-cron.ts";
import { instantOf, offsetAt, zoneProblem } from "./zone.ts";

export { ScheduleError } from "./cron-pattern.ts";
export type { SeasonalCron } from "./utc-cron.ts";

/**
 * A schedule as an operator writes it, with exactly one of the first six keys. `onStart` may also
 * accompany a recurring one.
 */
export interface ScheduleText {
  readonly every?: string | undefined;
  readonly cron?: string | undefined;
  readonly daily?: string | readonly string[] | undefined;
  readonly weekdays?: string | readonly string[] | undefined;
  readonly manual?: boolean | undefined;
  readonly onStart?: boolean | undefined;
  readonly timezone?: string | undefined;
}

/**
 * A parsed schedule. It has the same meaning for Render's crons, the runtime's scheduler and a VM's
 * timers.
 *
 * Times of day follow the zone's clock. Each runs once: in a gap at the next valid instant, in an
 * overlap at the first of the two instants. Several times in one gap are one run.
 * A pattern whose hour field has a star, with or without a step, runs on elapsed time: at every
 * instant whose clock matches. An hourly job runs in both hours of an overlap, and once after a gap.
 * `every` counts from 1970-01-01T00:00Z, so that every process computes the same slots.
 */
export interface Schedule {
  /** Five-field cron in `timezone`. Absent for intervals that a cron cannot express, and for `manual`. */
  readonly pattern?: string;
  readonly everySeconds?: number;
  /** Also runs once when the process of the job starts. */
  readonly onStart: boolean;
  readonly timezone: string;
}

/** Seconds in each unit of durations. */
const UNIT_SECONDS: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
};

/**
 * Maximum number of wall-clock times to try for one run. Times that repeat in an overlap, or that a gap
 * skips, are not runs. A clock change is at most a day (Samoa crossing the date line).
 */
const WALLS_MAX = 24 * 60 + 1;

const patterns = new Map<string, CronPattern>();
const crons = new Map<string, Cron>();

/** Parses a schedule. Throws a ScheduleError with a remedy. */
export function parseSchedule(text: ScheduleText, defaultTimezone: string): Schedule {
  const timezone = text.timezone ?? defaultTimezone;
  const problem = zoneProblem(timezone);
  if (problem !== undefined) {
    throw new ScheduleError(`"${timezone}" is not a time zone.`, problem);
  }
  const onStart = text.onStart ?? false;
  if (text.every !== undefined) return { ...parseEvery(text.every), onStart };
  const pattern = parsePattern(text);
  return { ...(pattern === undefined ? {} : { pattern }), onStart, timezone };
}

/** Parses a duration such as `90s`, `15m`, `6h` or `7d` to seconds. */
export function parseDuration(text: string): number {
  const match = /^([1-9]\d{0,5})([smhdw])$/.exec(text);
  const unit = UNIT_SECONDS[match?.[2] ?? ""];
  if (!match || unit === undefined) {
    throw new ScheduleError(
      `"${text}" is not a duration.`,
      "Write a number and a unit: 90s, 15m, 6h, 7d, 2w.",
    );
  }
  return Number(match[1]) * unit;
}

/**
 * The schedule as a UTC cron for Render. Throws a ScheduleError if UTC cannot express it, now or in the
 * coming years.
 *
 * @see https://render.com/docs/cronjobs (schedules are in UTC)
 */
export function compileUtcCron(schedule: Schedule, now: Date = new Date()): string {
  const { pattern, timezone } = schedule;
  if (pattern === undefined) throw notACron(schedule);
  return renderUtcCron(parsedPattern(pattern), timezone, now);
}

/**
 * The schedule as one UTC cron for winter and one for summer time, which both run all year. Throws a
 * ScheduleError if the zone does not have exactly these two, or if one cron is enough.
 */
export function compileSeasonalCrons(schedule: Schedule, now: Date = new Date()): SeasonalCron[] {
  const { pattern, timezone } = schedule;
  if (pattern === undefined) throw notACron(schedule);
  return renderSeasonalCrons(parsedPattern(pattern), timezone, now);
}

/** The next `count` instants strictly after `from`. Empty for a manual schedule. */
export function nextRuns(schedule: Schedule, from: Date, count: number): Date[] {
  const runs: Date[] = [];
  let cursor = from.getTime();
  while (runs.length < count) {
    const next = nextRun(schedule, cursor);
    if (next === undefined) break;
    runs.push(new Date(next));
    cursor = next;
  }
  return runs;
}

/** Describes the schedule in its zone and in UTC: `weekdays 13:00 America/Mazatlan = 20:00 UTC`. */
export function describeSchedule(schedule: Schedule, now: Date = new Date()): string {
  const words = describeRecurring(schedule, now);
  if (!schedule.onStart) return words ?? "by hand";
  return words ? `${words}, and at start` : "at start";
}

function describeRecurring(schedule: Schedule, now: Date): string | undefined {
  const { pattern, everySeconds, timezone } = schedule;
  if (everySeconds !== undefined) return describeEvery(everySeconds);
  if (pattern === undefined) return undefined;
  return describeCron(parsedPattern(pattern), timezone, now);
}

function parsePattern(text: ScheduleText): string | undefined {
  if (text.cron !== undefined) return parseCronPattern(text.cron).text;
  if (text.daily !== undefined) return timesPattern(text.daily, "*");
  if (text.weekdays !== undefined) return timesPattern(text.weekdays, "1-5");
  return undefined;
}

function parseEvery(text: string): Pick<Schedule, "pattern" | "everySeconds" | "timezone"> {
  const everySeconds = parseDuration(text);
  const pattern = everyPattern(everySeconds);
  return { everySeconds, timezone: "UTC", ...(pattern === undefined ? {} : { pattern }) };
}

/** The UTC cron with the same instants, if there is one. 1970-01-01 was a Thursday. */
function everyPattern(seconds: number): string | undefined {
  const minutes = seconds / 60;
  if (!Number.isInteger(minutes)) return undefined;
  if (minutes < 60 && 60 % minutes === 0) return `${minutes === 1 ? "*" : `*/${minutes}`} * * * *`;
  const hours = minutes / 60;
  if (Number.isInteger(hours) && hours < 24 && 24 % hours === 0)
    return `0 ${hours === 1 ? "*" : `*/${hours}`} * * *`;
  if (hours === 24) return "0 0 * * *";
  return hours === 7 * 24 ? "0 0 * * 4" : undefined;
}

function timesPattern(times: string | readonly string[], days: string): string {
  const parsed = [times].flat().map(parseTime);
  const minutes = new Set(parsed.map((time) => time.minute));
  if (minutes.size !== 1) {
    throw new ScheduleError(
      `the times ${[times].flat().join(", ")} have different minutes, which one cron cannot express.`,
      "Give them the same minute, or write a job for each.",
    );
  }
  const hours = [...new Set(parsed.map((time) => time.hour))].toSorted((a, b) => a - b);
  return `${[...minutes].join(",")} ${hours.join(",")} * * ${days}`;
}

function parseTime(text: string): { hour: number; minute: number } {
  const match = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text);
  if (!match) {
    throw new ScheduleError(
      `"${text}" is not a time of day.`,
      'Write hours and minutes in quotes: "09:30".',
    );
  }
  return { hour: Number(match[1]), minute: Number(match[2]) };
}

function notACron({ everySeconds, onStart }: Schedule): ScheduleError {
  if (everySeconds !== undefined) {
    return new ScheduleError(
      `a cron cannot express ${describeEvery(everySeconds)}.`,
      "Use minutes that divide an hour, hours that divide a day, 1d or 1w, or run the job in a service (in: <service>).",
    );
  }
  const what = onStart ? "at the start of a process" : "by hand";
  return new ScheduleError(
    `a cron job cannot run only ${what}.`,
    "Run the job in a service (in: <service>).",
  );
}

function nextRun({ everySeconds, pattern, timezone }: Schedule, after: number): number | undefined {
  if (everySeconds !== undefined) {
    const everyMs = everySeconds * 1000;
    return (Math.floor(after / everyMs) + 1) * everyMs;
  }
  if (pattern === undefined) return undefined;
  return parsedPattern(pattern).isInterval
    ? nextMatch(pattern, timezone, after)
    : nextTimeOfDay(pattern, timezone, after);
}

/**
 * Croner finds the match on a clock without changes, and zone.ts finds the instant of that time.
 *
 * Croner's own zone handling fails here: with `*\/20 1 * * *` in America/New_York it runs again in
 * the second hour of the overlap (2026-11-01T06:00Z), and in Antarctica/Troll it skips the run whose
 * time falls into the gap (2022-03-27T01:00Z). In America/Godthab it skips
 * `15 23 * * 6,7` when the gap ends on the next day (2024-03-31T01:00Z).
 */
function nextTimeOfDay(pattern: string, timezone: string, after: number): number | undefined {
  let wall: number | undefined = after + offsetAt(timezone, after);
  for (let tries = 0; tries < WALLS_MAX; tries += 1) {
    wall = nextMatch(pattern, "UTC", wall);
    if (wall === undefined) return undefined;
    const instant = instantOf(timezone, wall);
    if (instant > after) return instant;
  }
  return undefined;
}

function nextMatch(pattern: string, timezone: string, after: number): number | undefined {
  const key = `${pattern} ${timezone}`;
  // With an offset croner does not ask Intl, which takes 70 µs a run.
  const clock = timezone === "UTC" ? { utcOffset: 0 } : { timezone };
  const cron = crons.get(key) ?? new Cron(pattern, { ...clock, paused: true });
  crons.set(key, cron);
  return cron.nextRun(new Date(after))?.getTime();
}

function parsedPattern(pattern: string): CronPattern {
  const parsed = patterns.get(pattern) ?? parseCronPattern(pattern);
  patterns.set(pattern, parsed);
  return parsed;
}
