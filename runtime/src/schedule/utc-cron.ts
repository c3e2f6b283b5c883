import { type CronPattern, ScheduleError } from "./cron-pattern.ts";
import { comingOffsets } from "./zone.ts";

const MINUTES_PER_DAY = 1440;

interface ShiftedTimes {
  readonly hours: readonly number[];
  readonly minutes: readonly number[];
  /** Days by which runs move: -1, 0 or 1. Several values if runs move differently. */
  readonly dayShifts: readonly number[];
}

/**
 * The UTC cron with the same instants. Throws a ScheduleError if there is none.
 *
 * It refuses a zone whose clock changes, except for intervals that are the same in UTC before and
 * after a change, such as every hour in a zone that changes by an hour.
 */
export function renderUtcCron(pattern: CronPattern, timezone: string, now: Date): string {
  const [offset = 0, ...others] = comingOffsets(timezone, now.getTime());
  if (others.length === 0) return offset === 0 ? pattern.text : shiftToUtc(pattern, offset);
  const crons = [offset, ...others].map((it) => shiftIfPossible(pattern, it));
  const [cron] = crons;
  if (cron === undefined || crons.some((it) => it !== cron)) throw clockChanges(timezone);
  return cron;
}

/** A UTC cron that applies while its zone has this offset. */
export interface SeasonalCron {
  readonly utcCron: string;
  readonly offsetMinutes: number;
}

/**
 * One UTC cron for winter and one for summer time, in this order.
 *
 * Both run all year, and each run decides from the schedule whether its tick applies. The two crons
 * must not share a tick, because a run could not tell to which of them it belongs.
 */
export function renderSeasonalCrons(
  pattern: CronPattern,
  timezone: string,
  now: Date,
): SeasonalCron[] {
  const offsets = sorted(new Set(comingOffsets(timezone, now.getTime())));
  if (offsets.length !== 2) throw notSeasonal(timezone, offsets.length);
  const crons = offsets.map((offsetMinutes) => ({
    utcCron: shiftToUtc(pattern, offsetMinutes),
    offsetMinutes,
  }));
  if (crons[0]?.utcCron === crons[1]?.utcCron) throw notSeasonal(timezone, 1);
  const [winter = [], summer = []] = offsets.map((it) => runsOfDay(pattern, it));
  if (winter.some((it) => summer.includes(it))) throw sameMoment(pattern);
  return crons;
}

/** Minutes of the UTC day at which a pattern runs with this offset. */
function runsOfDay(pattern: CronPattern, offsetMinutes: number): number[] {
  const { hours, minutes } = shiftTimes(pattern, offsetMinutes);
  return hours.flatMap((hour) => minutes.map((minute) => hour * 60 + minute));
}

function shiftIfPossible(pattern: CronPattern, offsetMinutes: number): string | undefined {
  try {
    return shiftToUtc(pattern, offsetMinutes);
  } catch (error) {
    if (error instanceof ScheduleError) return undefined;
    throw error;
  }
}

/** The UTC cron for a fixed offset. Days of the week move with the clock. */
function shiftToUtc(pattern: CronPattern, offsetMinutes: number): string {
  const times = shiftTimes(pattern, offsetMinutes);
  const fields = pattern.text.split(" ");
  const [, , dayOfMonth = "*", month = "*", dayOfWeek = "*"] = fields;
  const clock = [renderSet(times.minutes, 0, 59), renderSet(times.hours, 0, 23)];
  const hasDays = dayOfMonth !== "*" || month !== "*" || dayOfWeek !== "*";
  const [dayShift = 0, ...others] = times.dayShifts;
  if (!hasDays) return [...clock, "*", "*", "*"].join(" ");
  if (others.length > 0) throw severalDays(pattern);
  if (dayShift === 0) return [...clock, dayOfMonth, month, dayOfWeek].join(" ");
  if (dayOfMonth !== "*" || month !== "*") throw dateMoves(pattern);
  return [...clock, "*", "*", renderSet(shiftDays(pattern, dayShift), 0, 6)].join(" ");
}

function shiftTimes(pattern: CronPattern, offsetMinutes: number): ShiftedTimes {
  const hours = new Set<number>();
  const minutes = new Set<number>();
  const dayShifts = new Set<number>();
  const runs = new Set<number>();
  for (const hour of pattern.hours) {
    for (const minute of pattern.minutes) {
      const total = hour * 60 + minute - offsetMinutes;
      const inDay = ((total % MINUTES_PER_DAY) + MINUTES_PER_DAY) % MINUTES_PER_DAY;
      runs.add(inDay);
      hours.add(Math.floor(inDay / 60));
      minutes.add(inDay % 60);
      dayShifts.add(Math.floor(total / MINUTES_PER_DAY));
    }
  }
  if (runs.size !== hours.size * minutes.size) {
    throw new ScheduleError(
      `"${pattern.text}" is not one cron in UTC: its minutes fall into different hours.`,
      "Split it into jobs with one minute each, or run it in a service (in: <service>).",
    );
  }
  return { hours: sorted(hours), minutes: sorted(minutes), dayShifts: sorted(dayShifts) };
}

function shiftDays(pattern: CronPattern, dayShift: number): number[] {
  return sorted(new Set(pattern.daysOfWeek.map((day) => (day + dayShift + 7) % 7)));
}

function clockChanges(timezone: string): ScheduleError {
  return new ScheduleError(
    `${timezone} changes its clock, and a UTC cron would be wrong for part of the year.`,
    "Write the schedule in UTC (timezone: UTC), set dst: two-crons in the schedule, or run the job in a service, which follows the zone (in: <service>).",
  );
}

function notSeasonal(timezone: string, offsets: number): ScheduleError {
  if (offsets > 2) {
    return new ScheduleError(
      `${timezone} has more than two offsets from UTC, so two crons cannot follow it.`,
      "Run the job in a service, which follows the zone (in: <service>).",
    );
  }
  return new ScheduleError(
    `no change of the clock of ${timezone} moves this schedule, so one cron is enough.`,
    "Remove dst: two-crons.",
  );
}

function sameMoment(pattern: CronPattern): ScheduleError {
  return new ScheduleError(
    `"${pattern.text}" has times that are as far apart as the clock changes, so its two crons would start at one moment.`,
    "Split it into jobs with one time each, or run it in a service (in: <service>).",
  );
}

function severalDays(pattern: CronPattern): ScheduleError {
  return new ScheduleError(
    `"${pattern.text}" is not one cron in UTC: some of its runs fall on another day there.`,
    "Split it into one job before and one after midnight UTC.",
  );
}

function dateMoves(pattern: CronPattern): ScheduleError {
  return new ScheduleError(
    `"${pattern.text}" falls on another date in UTC, and a cron cannot shift dates of the month.`,
    "Choose a time that is the same date in UTC, use days of the week, or run it in a service (in: <service>).",
  );
}

/** The shortest text of a set of numbers: `*`, a step, a range or a list. */
function renderSet(values: readonly number[], min: number, max: number): string {
  const [first = min, second] = values;
  const last = values.at(-1) ?? first;
  if (values.length === max - min + 1) return "*";
  const step = second === undefined ? 0 : second - first;
  const isEven =
    values.length > 2 && values.every((value, index) => value === first + index * step);
  if (isEven && step === 1) return `${first}-${last}`;
  if (isEven && first === min && last + step > max) return `*/${step}`;
  return values.join(",");
}

function sorted(values: ReadonlySet<number>): number[] {
  return [...values].toSorted((a, b) => a - b);
}
