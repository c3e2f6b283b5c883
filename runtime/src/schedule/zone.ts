/** One minute in milliseconds. */
const MINUTE_MS = 60_000;

/** One day in milliseconds. */
const DAY_MS = 86_400_000;

/**
 * Distance from a wall-clock time to the furthest instant that can show it. The widest offsets are
 * -12 h and +14 h, and a zone that crosses the date line (Samoa in 2011) moves by a day.
 */
const REACH_MS = 38 * 60 * MINUTE_MS;

/**
 * Step of the search for clock changes. Since 1995 no zone has changed twice within 6 days, and none
 * will until 2060 (tzdata 2026c; Gaza around Ramadan comes closest).
 */
const STEP_MS = 3 * DAY_MS;

/** A zone counts as fixed if its clock does not change within this time. */
const HORIZON_MS = 5 * 366 * DAY_MS;

const formatters = new Map<string, Intl.DateTimeFormat>();
const horizons = new Map<string, { readonly day: number; readonly offsets: readonly number[] }>();

/**
 * Says how to correct an IANA zone name. Returns undefined if the name is valid.
 *
 * This is stricter than Intl, which accepts `europe/vienna` and `+01:00`: programs in containers read
 * zones from files, and a file name has one spelling.
 */
export function zoneProblem(zone: string): string | undefined {
  const known = canonicalName(zone);
  if (known === undefined || !/^[A-Za-z]/.test(zone)) {
    return "Use an IANA name such as Europe/Vienna.";
  }
  const isMisspelt = known !== zone && known.toLowerCase() === zone.toLowerCase();
  return isMisspelt ? `Write it as ${known}.` : undefined;
}

/** Offset of the zone's clock from UTC at an instant, in milliseconds. */
export function offsetAt(zone: string, instantMs: number): number {
  // Intl writes `GMT`, `GMT-07:00` or `GMT+05:45`, and seconds for years before 1972.
  const match = /([+-])(\d\d):(\d\d)(?::(\d\d))?$/.exec(formatterOf(zone).format(instantMs));
  if (!match) return 0;
  const [, sign, hours, minutes, seconds = "0"] = match;
  const total = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return (sign === "-" ? -total : total) * 1000;
}

/**
 * The instant of a wall-clock time (given as if it were UTC). A time in a gap is the instant at the
 * end of the gap. A time in an overlap is the first of its two instants.
 */
export function instantOf(zone: string, wallMs: number): number {
  const [low, high] = [wallMs - REACH_MS, wallMs + REACH_MS];
  const [before, after] = [offsetAt(zone, low), offsetAt(zone, high)];
  if (before === after) return wallMs - before;
  const changeAt = findChange(zone, low, high);
  if (wallMs < changeAt + before) return wallMs - before;
  return Math.max(changeAt, wallMs - after);
}

/**
 * Offsets of the zone from the UTC day of an instant on, in minutes, smallest first. A fixed zone has
 * one. The search costs milliseconds, so its result is kept for the day.
 */
export function comingOffsets(zone: string, from: number): readonly number[] {
  const day = Math.floor(from / DAY_MS);
  const known = horizons.get(zone);
  if (known?.day === day) return known.offsets;
  const end = from + HORIZON_MS;
  const found = new Set([offsetAt(zone, end)]);
  for (let at = day * DAY_MS; at < end; at += STEP_MS) found.add(offsetAt(zone, at));
  const offsets = [...found].map((it) => it / MINUTE_MS).toSorted((a, b) => a - b);
  horizons.set(zone, { day, offsets });
  return offsets;
}

/** Binary search for the instant between `low` and `high` at which the offset changes. */
function findChange(zone: string, low: number, high: number): number {
  const offset = offsetAt(zone, low);
  let [before, after] = [low, high];
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (offsetAt(zone, middle) === offset) before = middle;
    else after = middle;
  }
  return after;
}

function canonicalName(zone: string): string | undefined {
  try {
    return formatterOf(zone).resolvedOptions().timeZone;
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
