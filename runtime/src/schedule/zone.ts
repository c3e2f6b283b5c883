/** One minute in milliseconds. */
const MINUTE_MS = 60_000;

/** One day in milliseconds. */
const DAY_MS = 86_400_000;

/**
 * How far around a wall-clock time its instants can be: the widest offsets are -12 and +14 hours,
 * and a zone that crosses the date line (Samoa in 2011) moves by a day.
 */
const REACH_MS = 38 * 60 * MINUTE_MS;

/**
 * How far apart a year is looked at for changes of the clock. Since 1995 no zone has changed twice
 * within 6 days, and none is announced to until 2060 (tzdata 2026c; Gaza's Ramadans are the closest).
 */
const LOOK_MS = 3 * DAY_MS;

/** How many coming years must be free of clock changes for a zone to count as fixed. */
const FIXED_YEARS = 5;

/** A moment at which a zone's clock jumps. Offsets are what it is ahead of UTC, in milliseconds. */
interface Change {
  readonly at: number;
  readonly before: number;
  readonly after: number;
}

/** A zone's clock in one year of UTC. */
interface ZoneYear {
  readonly offsetAtStart: number;
  readonly changes: readonly Change[];
}

const formatters = new Map<string, Intl.DateTimeFormat>();
const resolved = new Map<string, string>();
const years = new Map<string, ZoneYear>();

/**
 * What an IANA name should be instead, or undefined when it is one that this runtime knows.
 *
 * Stricter than Intl, which takes `europe/vienna` and `+01:00`: programs in containers find zones
 * as files, whose names have one spelling.
 */
export function zoneProblem(zone: string): string | undefined {
  const known = resolveZone(zone);
  if (known === undefined || !/^[A-Za-z]/.test(zone)) {
    return "Use an IANA name such as Europe/Vienna.";
  }
  const isMisspelt = known !== zone && known.toLowerCase() === zone.toLowerCase();
  return isMisspelt ? `Write it as ${known}.` : undefined;
}

/** What a zone's clock is ahead of UTC at an instant, in milliseconds. */
export function offsetAt(zone: string, instantMs: number): number {
  const { offsetAtStart, changes } = zoneYear(zone, yearOf(instantMs));
  return changes.findLast(({ at }) => at <= instantMs)?.after ?? offsetAtStart;
}

/**
 * The instant of a wall-clock time (given as if it were UTC): in a gap the next valid instant, in
 * an overlap the first of the two.
 */
export function instantOf(zone: string, wallMs: number): number {
  const changes = changesBetween(zone, wallMs - REACH_MS, wallMs + REACH_MS);
  for (const { at, before, after } of changes) {
    if (wallMs < at + before) return wallMs - before;
    if (wallMs < at + after) return at;
  }
  return wallMs - (changes.at(-1)?.after ?? offsetAt(zone, wallMs));
}

/** The first instant in `(from, to]` at which the zone's clock jumps. */
export function nextChange(zone: string, from: number, to: number): number | undefined {
  return changesBetween(zone, from, to)[0]?.at;
}

/** Offsets that the zone has from an instant on, in minutes, smallest first. One when it is fixed. */
export function comingOffsets(zone: string, from: number): readonly number[] {
  const changes = changesBetween(zone, from, from + FIXED_YEARS * 366 * DAY_MS);
  const offsets = [offsetAt(zone, from), ...changes.map(({ after }) => after)];
  return [...new Set(offsets.map((offset) => offset / MINUTE_MS))].toSorted((a, b) => a - b);
}

function changesBetween(zone: string, from: number, to: number): Change[] {
  const found: Change[] = [];
  for (let year = yearOf(from); year <= yearOf(to); year += 1) {
    found.push(...zoneYear(zone, year).changes.filter(({ at }) => at > from && at <= to));
  }
  return found;
}

/** Looked up once and kept: asking Intl costs microseconds, and a scheduler asks all the time. */
function zoneYear(zone: string, year: number): ZoneYear {
  const key = `${zone} ${year}`;
  const known = years.get(key);
  if (known) return known;
  const start = Date.UTC(year, 0, 1);
  const found = {
    offsetAtStart: readOffset(zone, start),
    changes: findChanges(zone, start - 1, Date.UTC(year + 1, 0, 1) - 1),
  };
  years.set(key, found);
  return found;
}

function findChanges(zone: string, from: number, to: number): Change[] {
  const changes: Change[] = [];
  let before = readOffset(zone, from);
  for (let low = from; low < to; low += LOOK_MS) {
    const high = Math.min(low + LOOK_MS, to);
    const after = readOffset(zone, high);
    if (after !== before) changes.push({ at: firstAfter(zone, low, high), before, after });
    before = after;
  }
  return changes;
}

/** Binary search for the first instant after `low` that has another offset than `low`. */
function firstAfter(zone: string, low: number, high: number): number {
  const offset = readOffset(zone, low);
  let same = low;
  let other = high;
  while (other - same > 1) {
    const middle = Math.floor((same + other) / 2);
    if (readOffset(zone, middle) === offset) same = middle;
    else other = middle;
  }
  return other;
}

/** The offset as Intl tells it: `GMT`, `GMT-07:00`, `GMT+05:45`; with seconds before 1972. */
function readOffset(zone: string, instantMs: number): number {
  const text = formatterOf(zone).format(instantMs);
  const match = /([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(text);
  if (!match) return 0;
  const [, sign, hours, minutes, seconds = "0"] = match;
  const total = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return (sign === "-" ? -total : total) * 1000;
}

function resolveZone(zone: string): string | undefined {
  const known = resolved.get(zone);
  if (known !== undefined) return known;
  try {
    const name = formatterOf(zone).resolvedOptions().timeZone;
    resolved.set(zone, name);
    return name;
  } catch {
    return undefined;
  }
}

function formatterOf(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone);
  if (known) return known;
  const formatter = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    timeZoneName: "longOffset",
    year: "numeric",
  });
  formatters.set(zone, formatter);
  return formatter;
}

function yearOf(instantMs: number): number {
  return new Date(instantMs).getUTCFullYear();
}
