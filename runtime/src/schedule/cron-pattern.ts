/**
 * A five-field cron pattern, parsed strictly.
 *
 * Cron programs treat unknown tokens differently: some read an unknown day name as "every day" (a
 * recruiting bot posted its Monday reminder daily because of this). Here an unknown token is an error,
 * and so is a pattern that two programs would read differently.
 */
export interface CronPattern {
  /** Canonical text: numbers for names, 0 for Sunday, `*` for a whole field, one space between fields. */
  readonly text: string;
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly daysOfMonth: readonly number[];
  readonly months: readonly number[];
  /** 0 is Sunday. */
  readonly daysOfWeek: readonly number[];
  /**
   * The hour field has a star, with or without a step, so the pattern is an interval that runs on
   * elapsed time when the clock changes. Otherwise each hour is a time of day.
   */
  readonly isInterval: boolean;
}

/** An invalid schedule, with a remedy. */
export class ScheduleError extends Error {
  override readonly name = "ScheduleError";
  readonly remedy: string;

  constructor(message: string, remedy: string) {
    super(message);
    this.remedy = remedy;
  }
}

interface Field {
  readonly noun: string;
  readonly min: number;
  readonly max: number;
  readonly names: readonly string[];
  /** A day field that is not a star joins the other one with "or", even if it lists every day. */
  readonly isDay?: boolean;
}

const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/** The five fields of a cron with their ranges. 7 is accepted for Sunday and becomes 0. */
const FIELDS = {
  minute: { noun: "minute", min: 0, max: 59, names: [] },
  hour: { noun: "hour", min: 0, max: 23, names: [] },
  dayOfMonth: { noun: "day of the month", min: 1, max: 31, names: [], isDay: true },
  month: { noun: "month", min: 1, max: 12, names: MONTHS },
  dayOfWeek: { noun: "day of the week", min: 0, max: 7, names: DAYS, isDay: true },
} as const satisfies Record<string, Field>;

/** Maximum lengths of months, January first. A day beyond them never comes. */
const DAYS_OF_MONTH_MAX = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Parses a five-field pattern. Throws a ScheduleError that names the token. */
export function parseCronPattern(text: string): CronPattern {
  const tokens = text.trim().split(/\s+/);
  const [minute, hour, dayOfMonth, month, dayOfWeek] = tokens;
  if (tokens.length !== 5 || !minute || !hour || !dayOfMonth || !month || !dayOfWeek) {
    const count = text.trim() ? tokens.length : 0;
    throw new ScheduleError(
      `"${text}" has ${count} ${count === 1 ? "field" : "fields"}.`,
      "A cron has five: minute, hour, day of the month, month, day of the week.",
    );
  }
  const fields = [
    parseField(minute, FIELDS.minute),
    parseField(hour, FIELDS.hour),
    parseField(dayOfMonth, FIELDS.dayOfMonth),
    parseField(month, FIELDS.month),
    parseField(dayOfWeek, FIELDS.dayOfWeek),
  ] as const;
  refuseAmbiguousDays(dayOfMonth, dayOfWeek);
  const pattern = {
    text: fields.map((field) => field.text).join(" "),
    minutes: fields[0].values,
    hours: fields[1].values,
    daysOfMonth: fields[2].values,
    months: fields[3].values,
    daysOfWeek: fields[4].values,
    isInterval: fields[1].text.includes("*"),
  };
  refuseNever(pattern);
  return pattern;
}

function parseField(text: string, field: Field): { text: string; values: number[] } {
  const parts = text.split(",").map((part) => parsePart(part, field));
  const values = [...new Set(parts.flatMap((part) => part.values))].toSorted((a, b) => a - b);
  const isWhole = !field.isDay && values.length === field.max - field.min + 1;
  return { text: isWhole ? "*" : parts.map((part) => part.text).join(","), values };
}

function parsePart(part: string, field: Field): { text: string; values: number[] } {
  const [range = "", stepText, ...rest] = part.split("/");
  if (rest.length > 0) throw unknownToken(part, field);
  const step = stepText === undefined ? 1 : parseStep(stepText, part, field);
  const [from, to] = parseRange(range, { hasStep: stepText !== undefined, field, part });
  const values = [];
  for (let value = from; value <= to; value += step) values.push(fold(value, field));
  return { text: renderPart(range, [from, to, step], field), values };
}

function parseStep(text: string, part: string, field: Field): number {
  if (!/^\d{1,2}$/.test(text)) throw unknownToken(part, field);
  const step = Number(text);
  const size = field.noun === "day of the week" ? 7 : field.max - field.min + 1;
  if (step >= 1 && step < size) return step;
  throw new ScheduleError(
    `"${part}" in the ${field.noun} field has a step of ${step}.`,
    `A step is from 1 to ${size - 1}; for once in the whole field write ${field.min}.`,
  );
}

/** A single value with a step is a range from that value to the end of the field, as in Vixie cron. */
function parseRange(
  range: string,
  at: { hasStep: boolean; field: Field; part: string },
): [number, number] {
  const { field, part } = at;
  const end = field.noun === "day of the week" ? 6 : field.max;
  if (range === "*") return [field.min, end];
  const [fromText = "", toText, ...rest] = range.split("-");
  if (rest.length > 0) throw unknownToken(part, field);
  const from = parseValue(fromText, part, field);
  if (toText === undefined) return [from, at.hasStep ? Math.max(end, from) : from];
  const to = parseValue(toText, part, field);
  if (to >= from) return [from, to];
  throw new ScheduleError(
    `"${part}" in the ${field.noun} field runs backwards.`,
    "Write it as two ranges with a comma between them.",
  );
}

function parseValue(text: string, part: string, field: Field): number {
  const named = field.names.indexOf(text.toUpperCase());
  if (named >= 0) return named + field.min;
  if (!/^\d{1,2}$/.test(text)) throw unknownToken(part, field);
  const value = Number(text);
  if (value >= field.min && value <= field.max) return value;
  throw new ScheduleError(
    `${value} is out of range in the ${field.noun} field.`,
    `It takes ${field.min} to ${field.max}.`,
  );
}

function unknownToken(part: string, field: Field): ScheduleError {
  const names = field.names.length > 0 ? `, or ${field.names[0]} to ${field.names.at(-1)}` : "";
  return new ScheduleError(
    `"${part}" in the ${field.noun} field is not valid.`,
    `Write *, */n, n, n-m or a list of them, with n from ${field.min} to ${field.max}${names}.`,
  );
}

/** Maps 7 to 0, Sunday. */
function fold(value: number, field: Field): number {
  return field.noun === "day of the week" ? value % 7 : value;
}

function renderPart(
  range: string,
  [from, to, step]: [number, number, number],
  field: Field,
): string {
  const suffix = step === 1 ? "" : `/${step}`;
  const isWhole = !field.isDay && from === field.min && to === field.max;
  if (range === "*" || isWhole) return `*${suffix}`;
  if (from === to) return String(fold(from, field));
  if (field.noun !== "day of the week" || to < 7) return `${from}-${to}${suffix}`;
  const values = new Set<number>();
  for (let value = from; value <= to; value += step) values.add(fold(value, field));
  return [...values].join(",");
}

/**
 * If both day fields are restricted, every cron program reads "either". With a star and a step in one
 * of them, some programs read "both".
 */
function refuseAmbiguousDays(dayOfMonth: string, dayOfWeek: string): void {
  const isMixed = dayOfMonth !== "*" && dayOfWeek !== "*";
  if (!isMixed || !(dayOfMonth.startsWith("*/") || dayOfWeek.startsWith("*/"))) return;
  throw new ScheduleError(
    `"${dayOfMonth}" with day of the week "${dayOfWeek}" means "and" to some programs, "or" to others.`,
    "Restrict one of the two day fields, or list the days.",
  );
}

function refuseNever(pattern: CronPattern): void {
  if (!pattern.text.endsWith(" *")) return;
  const first = pattern.daysOfMonth[0] ?? 1;
  if (pattern.months.some((month) => first <= (DAYS_OF_MONTH_MAX[month - 1] ?? 0))) return;
  throw new ScheduleError(
    `"${pattern.text}" never comes: no such month has a day ${first}.`,
    "Correct the day of the month or the month.",
  );
}
