/**
 * Schedules against an oracle, in every IANA zone that Intl lists, over ten years.
 *
 * The oracle shares nothing with the code: it writes down what the zone's clock shows at every
 * minute of a window, asked of Intl by another way, and picks the minutes by a predicate that
 * stands beside each pattern. Covered per zone: 28 hours around every change of its clock (found by
 * asking once a day), and seeded random windows as long. Not covered: changes that cancel each
 * other within a day, and what lies between the windows.
 */
import { expect, test } from "vitest";
import { compileUtcCron, nextRuns, parseSchedule, ScheduleError } from "./schedule.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const FROM = Date.UTC(2022, 0, 1);
const TO = Date.UTC(2032, 0, 1);

/** Half a window: a little more than half a day, so that a daily pattern runs in each. */
const REACH = 14 * HOUR;

/** What a timeline knows beyond its window: more than any change of these years (Troll: two hours). */
const MARGIN = 4 * HOUR;

const RANDOM_WINDOWS = 3;
const SEED = 20_260_101;
const LIMIT_MS = 600_000;

/** What a clock shows. `weekday` 0 is Sunday. */
interface Clock {
  readonly month: number;
  readonly day: number;
  readonly weekday: number;
  readonly hour: number;
  readonly minute: number;
}

/** Times of day: each once, in a gap at the next valid instant, in an overlap the first time. */
const TIMES_OF_DAY: Readonly<Record<string, (clock: Clock) => boolean>> = {
  "0 0 * * *": (at) => at.hour === 0 && at.minute === 0,
  "30 2 * * *": (at) => at.hour === 2 && at.minute === 30,
  "0,30 0-3 * * *": (at) => at.hour <= 3 && at.minute % 30 === 0,
  "*/20 1 * * *": (at) => at.hour === 1 && at.minute % 20 === 0,
  "0 13 * * MON-FRI": ({ hour, minute, weekday }) =>
    hour === 13 && minute === 0 && weekday >= 1 && weekday <= 5,
  "15 23 * * 6,7": ({ hour, minute, weekday }) =>
    hour === 23 && minute === 15 && (weekday === 6 || weekday === 0),
  "59 1 25/2 3,4,9-11 *": ({ hour, minute, day, month }) =>
    hour === 1 && minute === 59 && day >= 25 && day % 2 === 1 && [3, 4, 9, 10, 11].includes(month),
  "5 2 1-7 * SUN": ({ hour, minute, day, weekday }) =>
    hour === 2 && minute === 5 && (day <= 7 || weekday === 0),
};

/** Intervals: every instant whose clock matches. */
const INTERVALS: Readonly<Record<string, (clock: Clock) => boolean>> = {
  "0 * * * *": (at) => at.minute === 0,
  "*/30 0-23 * * *": (at) => at.minute % 30 === 0,
  "30 */2 * * *": (at) => at.hour % 2 === 0 && at.minute === 30,
  "0 */6 * * 1": (at) => at.hour % 6 === 0 && at.minute === 0 && at.weekday === 1,
};

const ZONES = Intl.supportedValuesOf("timeZone");
const PATTERNS = [...Object.entries(TIMES_OF_DAY), ...Object.entries(INTERVALS)];

test("in every zone each pattern runs exactly when the oracle says", { timeout: LIMIT_MS }, () => {
  const random = randomNumbers(SEED);
  const elsewhere = (): number => Math.floor(FROM + random() * (TO - FROM));

  const compared = ZONES.flatMap((zone) => {
    const windows = [...changesOf(zone), ...range(0, RANDOM_WINDOWS, 1).map(elsewhere)];
    return windows.flatMap((middle) => compareRuns(zone, middle));
  });

  expect(compared.flatMap((it) => it.mismatch ?? [])).toEqual([]);
  expect(ZONES.length).toBeGreaterThan(400);
  expect(ZONES.flatMap(changesOf).length).toBeGreaterThan(2000);
  expect(compared.reduce((total, it) => total + it.runs, 0)).toBeGreaterThan(200_000);
});

test(
  "a UTC cron runs when its zone's clock says, or the zone has a change to come",
  {
    timeout: LIMIT_MS,
  },
  () => {
    const now = new Date(Date.UTC(2027, 0, 1));

    const compared = ZONES.flatMap((zone) => compareUtcCrons(zone, now));

    expect(compared.flatMap((it) => it.mismatch ?? [])).toEqual([]);
    expect(compared.reduce((total, it) => total + it.runs, 0)).toBeGreaterThan(50_000);
  },
);

interface Compared {
  readonly runs: number;
  readonly mismatch?: string;
}

function compareRuns(zone: string, middle: number): Compared[] {
  const timeline = timelineOf(zone, middle);
  return PATTERNS.map(([cron, matches]) => {
    const expected = expectedRuns(timeline, cron, matches);
    const schedule = parseSchedule({ cron, timezone: zone }, "UTC");
    const found = nextRuns(schedule, new Date(middle - REACH), expected.length + 1)
      .map((it) => it.getTime())
      .filter((instant) => instant <= middle + REACH);
    return compare(`${zone} ${cron}`, expected, found);
  });
}

/** In each season of the year to come: a zone without changes is the same in all of them. */
function compareUtcCrons(zone: string, now: Date): Compared[] {
  const windows = [0, 90, 180, 270].map((day) => now.getTime() + day * DAY + 12 * HOUR);
  const timelines = windows.map((middle) => timelineOf(zone, middle));
  const hasChange = changesOf(zone).some((at) => at >= now.getTime());
  return PATTERNS.flatMap(([cron, matches]) => {
    const { utcCron, refusal = "" } = compile(zone, cron, now);
    if (utcCron === undefined) {
      // What a fixed offset cannot say is tested by its words, beside the schedule.
      const isWrong = refusal.includes("changes its clock") && !hasChange;
      return isWrong ? [{ runs: 0, mismatch: `${zone} ${cron}: ${refusal}` }] : [];
    }
    const isRun = matcherOf(utcCron);
    return timelines.map((timeline) => {
      const found = timeline.filter((it) => it.isCompared && isRun(clockOf(it.instant)));
      const expected = expectedRuns(timeline, cron, matches);
      return compare(`${zone} ${cron} as ${utcCron} UTC`, expected, instantsOf(found));
    });
  });
}

function compare(what: string, expected: readonly number[], found: readonly number[]): Compared {
  const difference = firstDifference(expected, found);
  if (difference === "") return { runs: expected.length };
  return { runs: expected.length, mismatch: `${what}: ${difference}` };
}

/** One minute of a zone. Wall-clock times are written as if they were UTC. */
interface Minute {
  readonly instant: number;
  readonly wall: number;
  readonly clock: Clock;
  readonly isCompared: boolean;
}

/** Every minute around `middle`, with what the clock shows. */
function timelineOf(zone: string, middle: number): Minute[] {
  const start = Math.floor((middle - REACH - MARGIN) / HOUR) * HOUR;
  const minutes: Minute[] = [];
  for (let hour = start; hour < middle + REACH + MARGIN; hour += HOUR) {
    const shown = wallAt(zone, hour);
    const isSteady = isCalm(zone, hour);
    for (let instant = hour; instant < hour + HOUR; instant += MINUTE) {
      const wall = isSteady ? shown + instant - hour : wallAt(zone, instant);
      const isCompared = instant > middle - REACH && instant <= middle + REACH;
      minutes.push({ instant, wall, clock: clockOf(wall), isCompared });
    }
  }
  return minutes;
}

function expectedRuns(
  timeline: readonly Minute[],
  cron: string,
  matches: (clock: Clock) => boolean,
): number[] {
  const runs = Object.hasOwn(INTERVALS, cron)
    ? timeline.filter(({ clock }) => matches(clock))
    : timesOfDay(timeline, matches);
  return instantsOf(runs.filter((it) => it.isCompared));
}

function instantsOf(minutes: readonly Minute[]): number[] {
  return minutes.map((it) => it.instant);
}

/**
 * The first minute that shows a matching time, never the second one of an overlap; and the minute
 * after a gap, when a time that was skipped matches.
 */
function timesOfDay(timeline: readonly Minute[], matches: (clock: Clock) => boolean): Minute[] {
  const runs: Minute[] = [];
  let latest = (timeline[0]?.wall ?? 0) - MINUTE;
  for (const minute of timeline) {
    const { wall, clock } = minute;
    const skipped = range(latest + MINUTE, wall, MINUTE);
    const isFirst = wall > latest;
    if (skipped.some((it) => matches(clockOf(it))) || (isFirst && matches(clock)))
      runs.push(minute);
    latest = Math.max(latest, wall);
  }
  return runs;
}

function compile(zone: string, cron: string, now: Date): { utcCron?: string; refusal?: string } {
  try {
    return { utcCron: compileUtcCron(parseSchedule({ cron, timezone: zone }, "UTC"), now) };
  } catch (error) {
    if (!(error instanceof ScheduleError)) throw error;
    return { refusal: error.message };
  }
}

function firstDifference(expected: readonly number[], found: readonly number[]): string {
  const length = Math.max(expected.length, found.length);
  for (let index = 0; index < length; index += 1) {
    if (expected[index] === found[index]) continue;
    return `run ${index} should be at ${show(expected[index])}, is at ${show(found[index])}`;
  }
  return "";
}

function show(instant: number | undefined): string {
  return instant === undefined ? "no time" : new Date(instant).toISOString();
}

/** Reads a UTC cron of numbers, ranges, lists and steps. */
function matcherOf(cron: string): (clock: Clock) => boolean {
  const [minute = "", hour = "", day = "", month = "", weekday = ""] = cron.split(" ");
  const [minutes, hours, days, months, weekdays] = [minute, hour, day, month, weekday].map(
    (field) => new Set(range(0, 60, 1).filter((value) => matchesField(field, value))),
  );
  const isEitherDay = day !== "*" && weekday !== "*";
  return (at) => {
    if (!minutes?.has(at.minute) || !hours?.has(at.hour) || !months?.has(at.month)) return false;
    const [isDay, isWeekday] = [days?.has(at.day), weekdays?.has(at.weekday)];
    return Boolean(isEitherDay ? isDay || isWeekday : isDay && isWeekday);
  };
}

function matchesField(field: string, value: number): boolean {
  return field.split(",").some((part) => {
    const [values = "", step = "1"] = part.split("/");
    const [low = 0, high = low] = values === "*" ? [0, 59] : values.split("-").map(Number);
    return value >= low && value <= high && (value - low) % Number(step) === 0;
  });
}

const known = new Map<string, number[]>();

/** Moments within half an hour of each change of the zone's clock in the ten years. */
function changesOf(zone: string): number[] {
  const changes = known.get(zone) ?? [];
  if (known.has(zone)) return changes;
  let shown = wallAt(zone, FROM);
  for (let day = FROM; day < TO; day += DAY) {
    const next = wallAt(zone, day + DAY);
    if (next - shown !== DAY) {
      const hour = range(day, day + DAY, HOUR).find((it) => !isCalm(zone, it));
      changes.push((hour ?? day) + HOUR / 2);
    }
    shown = next;
  }
  known.set(zone, changes);
  return changes;
}

/** Within this hour the clock only goes on. */
function isCalm(zone: string, hour: number): boolean {
  return wallAt(zone, hour + HOUR) - wallAt(zone, hour) === HOUR;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

/** What the zone's clock shows, from the text that Intl writes for people in Sweden: ISO 8601. */
function wallAt(zone: string, instant: number): number {
  const formatter =
    formatters.get(zone) ??
    new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" });
  formatters.set(zone, formatter);
  return Date.parse(`${formatter.format(instant).replace(" ", "T")}Z`);
}

const hours = new Map<number, Omit<Clock, "minute">>();

function clockOf(wall: number): Clock {
  const start = Math.floor(wall / HOUR) * HOUR;
  const hour = hours.get(start) ?? hourOf(new Date(start));
  hours.set(start, hour);
  return { ...hour, minute: (wall - start) / MINUTE };
}

function hourOf(date: Date): Omit<Clock, "minute"> {
  const [month, day, hour] = [date.getUTCMonth() + 1, date.getUTCDate(), date.getUTCHours()];
  return { month, day, hour, weekday: date.getUTCDay() };
}

function range(from: number, to: number, step: number): number[] {
  return from < to ? Array.from({ length: (to - from) / step }, (_, it) => from + it * step) : [];
}

/** Numbers from 0 to 1, the same for the same seed: the generator of Numerical Recipes. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}
