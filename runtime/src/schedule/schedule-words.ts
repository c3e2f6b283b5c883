import type { CronPattern } from "./cron-pattern.ts";
import { comingOffsets } from "./zone.ts";

const DAY_NAMES = "Sun Mon Tue Wed Thu Fri Sat".split(" ");
const MONTH_NAMES = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const WEEKDAYS = "1,2,3,4,5";
const MINUTES_PER_DAY = 1440;

/** Units from large to small, for the shortest text. */
const UNITS = [
  ["d", 86_400],
  ["h", 3600],
  ["m", 60],
] as const;

/** More times, dates or months than this are described as a range or as the pattern. */
const LISTED_MAX = 4;

/** `every 6h`. */
export function describeEvery(seconds: number): string {
  const [unit, size] = UNITS.find(([, length]) => seconds % length === 0) ?? ["s", 1];
  return `every ${seconds / size}${unit}`;
}

/** A duration as people write it, in its two largest units: `2 h 5 min`. */
export function describeDuration(seconds: number): string {
  let rest = Math.round(seconds);
  const parts = DURATION_UNITS.flatMap(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count === 0 ? [] : [`${count} ${unit}`];
  });
  return parts.slice(0, 2).join(" ") || "0 s";
}

const DURATION_UNITS = [
  ["d", 86_400],
  ["h", 3600],
  ["min", 60],
  ["s", 1],
] as const;

/**
 * A cron in words, with the time in UTC beside the local one. A zone that changes its clock has
 * two: `daily 10:00 Europe/Vienna = 08:00 or 09:00 UTC`.
 */
export function describeCron(pattern: CronPattern, timezone: string, now: Date): string {
  const offsets = comingOffsets(timezone, now.getTime()).toReversed();
  const isUtc = offsets.every((offset) => offset === 0);
  const description = describeHourly(pattern) ?? describeDaily(pattern);
  if (!description) {
    const beside = isUtc ? "" : ` (${offsets.map(renderOffset).join(" or ")})`;
    return `cron ${pattern.text} ${timezone}${beside}`;
  }
  const local = `${description.days} ${description.timesAt(0)} ${timezone}`;
  if (isUtc) return local;
  const inUtc = new Set(offsets.map((offset) => description.timesAt(offset)));
  return `${local} = ${[...inUtc].join(" or ")} UTC`;
}

/** The parts of a description: days, and times on another clock. */
interface Description {
  readonly days: string;
  /** Times on a clock that is `offset` minutes behind the pattern's. */
  timesAt(offset: number): string;
}

/** Every hour of every day: describes the minutes only. */
function describeHourly({ text, hours, minutes }: CronPattern): Description | undefined {
  if (hours.length < 24 || !text.endsWith(" * * *")) return undefined;
  const shifted = (offset: number): string[] =>
    minutes
      .map((minute) => (((minute - offset) % 60) + 60) % 60)
      .toSorted((a, b) => a - b)
      .map((minute) => `:${twoDigits(minute)}`);
  if (minutes.length <= LISTED_MAX) {
    return { days: "every hour at", timesAt: (offset) => shifted(offset).join(", ") };
  }
  const step = evenStep(minutes);
  if (step === undefined || step * minutes.length !== 60) return undefined;
  return { days: `every ${step}m`, timesAt: (offset) => `from ${shifted(offset)[0]}` };
}

function describeDaily(pattern: CronPattern): Description | undefined {
  const days = describeDays(pattern);
  const times = pattern.hours.flatMap((hour) =>
    pattern.minutes.map((minute) => hour * 60 + minute),
  );
  const step = evenStep(times);
  if (days === undefined || (times.length > LISTED_MAX && step === undefined)) return undefined;
  const timesAt = (offset: number): string => {
    const shown = times.map((time) => renderClock(time - offset));
    if (times.length <= LISTED_MAX || step === undefined) return shown.join(", ");
    return `${describeEvery(step * 60)} from ${shown[0]} to ${shown.at(-1)}`;
  };
  return { days, timesAt };
}

/** The difference between neighbours, if it is always the same. */
function evenStep(values: readonly number[]): number | undefined {
  const [first = 0, second = 0] = values;
  const isEven = values.every((value, index) => value === first + index * (second - first));
  return isEven ? second - first : undefined;
}

function describeDays(pattern: CronPattern): string | undefined {
  const { text, daysOfMonth, months } = pattern;
  const [, , dayOfMonth, month, dayOfWeek] = text.split(" ");
  if (dayOfMonth !== "*" && daysOfMonth.length > LISTED_MAX) return undefined;
  if (month !== "*" && months.length > LISTED_MAX) return undefined;
  const dates = `day ${daysOfMonth.join(", ")} of the month`;
  const weekly = describeDaysOfWeek(pattern);
  const eitherDay = dayOfWeek === "*" ? dates : `${dates} or ${weekly}`;
  const days = dayOfMonth === "*" ? weekly : eitherDay;
  if (month === "*") return days;
  return `${days} in ${months.map((it) => MONTH_NAMES[it - 1]).join(", ")}`;
}

function describeDaysOfWeek({ daysOfWeek }: CronPattern): string {
  if (daysOfWeek.length === 7) return "daily";
  if (daysOfWeek.join(",") === WEEKDAYS) return "weekdays";
  return daysOfWeek.map((day) => DAY_NAMES[day]).join(", ");
}

/** A time of day, which may be on the day before (negative) or on the next day. */
function renderClock(minutes: number): string {
  if (minutes < 0) return `${renderTime(minutes + MINUTES_PER_DAY)} (the day before)`;
  if (minutes < MINUTES_PER_DAY) return renderTime(minutes);
  return `${renderTime(minutes - MINUTES_PER_DAY)} (the next day)`;
}

function renderTime(minutes: number): string {
  return `${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}`;
}

function renderOffset(minutes: number): string {
  return `UTC${minutes < 0 ? "-" : "+"}${renderTime(Math.abs(minutes))}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
