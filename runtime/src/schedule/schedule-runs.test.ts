import { expect, test } from "vitest";
import { nextRuns, parseSchedule, type ScheduleText } from "./schedule.ts";

const HOUR_MS = 3_600_000;

/** The first runs after an instant, as UTC without seconds. */
function runsOf(text: ScheduleText, from: string, count: number): string[] {
  return nextRuns(parseSchedule(text, "UTC"), new Date(from), count).map((it) =>
    it.toISOString().replace(":00.000Z", "Z"),
  );
}

test("a time of day in a gap runs at the next valid instant, in an overlap only the first time", () => {
  const schedule = { cron: "30 2 * * *", timezone: "Europe/Vienna" };

  expect(runsOf(schedule, "2026-03-27T12:00:00Z", 3)).toEqual([
    "2026-03-28T01:30Z",
    "2026-03-29T01:00Z",
    "2026-03-30T00:30Z",
  ]);
  expect(runsOf(schedule, "2026-10-24T00:00:00Z", 3)).toEqual([
    "2026-10-24T00:30Z",
    "2026-10-25T00:30Z",
    "2026-10-26T01:30Z",
  ]);
});

test("a time at the very start of a gap runs once that day", () => {
  const runs = runsOf({ daily: "02:00", timezone: "Europe/Vienna" }, "2026-03-28T12:00:00Z", 2);

  expect(runs).toEqual(["2026-03-29T01:00Z", "2026-03-30T00:00Z"]);
});

test("several times of day that fall into one gap, and the time after it, run once", () => {
  const schedule = { cron: "0,30 2-3 * * *", timezone: "Europe/Vienna" };

  expect(runsOf(schedule, "2026-03-28T12:00:00Z", 3)).toEqual([
    "2026-03-29T01:00Z",
    "2026-03-29T01:30Z",
    "2026-03-30T00:00Z",
  ]);
});

test("from within the second pass of an overlap, its times of day are over", () => {
  const schedule = { cron: "*/20 2 * * *", timezone: "Europe/Vienna" };

  expect(runsOf(schedule, "2026-10-25T00:20:00Z", 2)).toEqual([
    "2026-10-25T00:40Z",
    "2026-10-26T01:00Z",
  ]);
  expect(runsOf(schedule, "2026-10-25T01:05:00Z", 1)).toEqual(["2026-10-26T01:00Z"]);
});

test("an hourly pattern runs on elapsed time through gap and overlap", () => {
  const schedule = { cron: "0 * * * *", timezone: "Europe/Vienna" };

  expect(runsOf(schedule, "2026-03-29T00:00:00Z", 2)).toEqual([
    "2026-03-29T01:00Z",
    "2026-03-29T02:00Z",
  ]);
  expect(runsOf(schedule, "2026-10-24T23:30:00Z", 4)).toEqual([
    "2026-10-25T00:00Z",
    "2026-10-25T01:00Z",
    "2026-10-25T02:00Z",
    "2026-10-25T03:00Z",
  ]);
});

test("every second hour by the clock means an hour that the clock shows", () => {
  const schedule = { cron: "0 */2 * * *", timezone: "Europe/Vienna" };

  expect(runsOf(schedule, "2026-03-28T22:30:00Z", 2)).toEqual([
    "2026-03-28T23:00Z",
    "2026-03-29T02:00Z",
  ]);
  expect(runsOf(schedule, "2026-10-24T21:30:00Z", 4)).toEqual([
    "2026-10-24T22:00Z",
    "2026-10-25T00:00Z",
    "2026-10-25T01:00Z",
    "2026-10-25T03:00Z",
  ]);
});

test("the day that Samoa skipped has its runs at the first instant of the next day", () => {
  const runs = runsOf({ daily: "10:00", timezone: "Pacific/Apia" }, "2011-12-29T21:00:00Z", 2);

  expect(runs).toEqual(["2011-12-30T10:00Z", "2011-12-30T20:00Z"]);
});

test("13:00 in Mazatlan was 19:00 UTC in the summer of 2021 and is 20:00 UTC all year now", () => {
  const schedule = { weekdays: "13:00", timezone: "America/Mazatlan" };

  expect(runsOf(schedule, "2021-07-02T12:00:00Z", 2)).toEqual([
    "2021-07-02T19:00Z",
    "2021-07-05T19:00Z",
  ]);
  expect(runsOf(schedule, "2026-07-03T12:00:00Z", 1)).toEqual(["2026-07-03T20:00Z"]);
  expect(runsOf(schedule, "2026-12-04T12:00:00Z", 1)).toEqual(["2026-12-04T20:00Z"]);
});

test("a day with a clock change has 23 or 25 hours between two runs at one time", () => {
  const schedule = parseSchedule({ daily: "10:00", timezone: "Europe/Vienna" }, "UTC");
  const hoursBetween = (from: string): number => {
    const [first, second] = nextRuns(schedule, new Date(from), 2).map((it) => it.getTime());
    return ((second ?? 0) - (first ?? 0)) / HOUR_MS;
  };

  expect(hoursBetween("2026-03-28T08:00:00Z")).toBe(23);
  expect(hoursBetween("2026-10-24T07:00:00Z")).toBe(25);
  expect(hoursBetween("2026-06-01T07:00:00Z")).toBe(24);
});

test("at 17:00 before the clock goes on, the next 08:00 is 15 hours away, not 16 in clock time", () => {
  const [run] = runsOf({ daily: "08:00", timezone: "Europe/Vienna" }, "2026-03-28T15:00:00Z", 1);

  expect(run).toBe("2026-03-29T06:00Z");
});

test("both day fields mean either of them, and 7 is Sunday like 0", () => {
  expect(runsOf({ cron: "0 0 1 * 1" }, "2026-05-28T00:00:00Z", 3)).toEqual([
    "2026-06-01T00:00Z",
    "2026-06-08T00:00Z",
    "2026-06-15T00:00Z",
  ]);
  expect(runsOf({ cron: "0 0 13 * 5" }, "2026-08-07T00:00:00Z", 2)).toEqual([
    "2026-08-13T00:00Z",
    "2026-08-14T00:00Z",
  ]);
  expect(runsOf({ cron: "0 0 * * 7" }, "2026-06-01T00:00:00Z", 1)).toEqual(["2026-06-07T00:00Z"]);
  expect(runsOf({ cron: "0 0 * * 0" }, "2026-06-01T00:00:00Z", 1)).toEqual(["2026-06-07T00:00Z"]);
});

test("a step from a single value runs to the end of the field", () => {
  expect(runsOf({ cron: "10/20 * * * *" }, "2026-06-01T00:00:00Z", 4)).toEqual([
    "2026-06-01T00:10Z",
    "2026-06-01T00:30Z",
    "2026-06-01T00:50Z",
    "2026-06-01T01:10Z",
  ]);
});

test("29 February runs in leap years, also over the years without one", () => {
  expect(runsOf({ cron: "0 12 29 2 *" }, "2096-03-01T00:00:00Z", 1)).toEqual(["2104-02-29T12:00Z"]);
});

test("an interval counts from the epoch, so a week is Thursday 00:00 UTC", () => {
  const schedule = parseSchedule({ every: "7d" }, "Europe/Vienna");

  const [run] = nextRuns(schedule, new Date("2026-01-02T00:00:00Z"), 1);

  expect(run?.toISOString()).toBe("2026-01-08T00:00:00.000Z");
});

test("an interval that divides nothing runs on elapsed time, and a slot is never its own next", () => {
  expect(runsOf({ every: "90m" }, "2026-01-01T00:00:00Z", 3)).toEqual([
    "2026-01-01T01:30Z",
    "2026-01-01T03:00Z",
    "2026-01-01T04:30Z",
  ]);
});

test("what is run by hand has no next run", () => {
  expect(nextRuns(parseSchedule({ manual: true }, "UTC"), new Date(0), 3)).toEqual([]);
});
