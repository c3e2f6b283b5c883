/**
 * A moment as file names have it: `20260106_220000`, in UTC.
 *
 * Names in UTC keep their order when a zone's clock is set back.
 */
export function stampOf(moment: Date): string {
  const [day = "", time = ""] = moment.toISOString().split("T");
  return `${day.replaceAll("-", "")}_${time.slice(0, 8).replaceAll(":", "")}`;
}

/** The moment that a stamp tells, or undefined when it tells none: `20260231_000000` is no day. */
export function momentOf(stamp: string): Date | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)_(\d\d)(\d\d)(\d\d)$/.exec(stamp);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const moment = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  const isReal = !Number.isNaN(moment.getTime()) && stampOf(moment) === stamp;
  return isReal ? moment : undefined;
}

/** How many files of one second are told apart. */
const SAME_SECOND_MAX = 100;

/** The stamps that are tried in turn for one moment: `…_220000`, then `…_220000_1` and so on. */
export function stampsOf(moment: Date): readonly string[] {
  const stamp = stampOf(moment);
  const numbered = Array.from({ length: SAME_SECOND_MAX - 1 }, (_, n) => `${stamp}_${n + 1}`);
  return [stamp, ...numbered];
}
