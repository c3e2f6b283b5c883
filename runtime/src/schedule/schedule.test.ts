import { expect, test } from "vitest";
import { describeDuration } from "./schedule-words.ts";
import {
  compileUtcCron,
  describeSchedule,
  parseDuration,
  parseSchedule,
  type ScheduleText,
} from "./schedule.ts";

const parse = (cron: string) => () => parseSchedule({ cron }, "UTC");
const compile = (text: ScheduleText) => () => compileUtcCron(parseSchedule(text, "UTC"));

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (!(error instanceof Error && "remedy" in error)) throw error;
    return `${error.message} ${String(error.remedy)}`;
  }
  throw new Error("nothing was refused");
}

test.each<[ScheduleText, string, string]>([
  [{ every: "1h" }, "0 * * * *", "every 1h"],
  [{ every: "15m" }, "*/15 * * * *", "every 15m"],
  [{ every: "6h" }, "0 */6 * * *", "every 6h"],
  [{ every: "24h" }, "0 0 * * *", "every 1d"],
  [{ every: "7d" }, "0 0 * * 4", "every 7d"],
  [{ cron: "0 */6 * * *", timezone: "UTC" }, "0 */6 * * *", "daily 00:00, 06:00, 12:00, 18:00 UTC"],
  [{ cron: "0 13 * * MON,WED", timezone: "UTC" }, "0 13 * * 1,3", "Mon, Wed 13:00 UTC"],
  [
    { cron: "5/15 * * * 7", timezone: "UTC" },
    "5-59/15 * * * 0",
    "Sun every 15m from 00:05 to 23:50 UTC",
  ],
  [{ weekdays: "13:00" }, "0 20 * * 1-5", "weekdays 13:00 America/Mazatlan = 20:00 UTC"],
  [
    { daily: "22:00", timezone: "America/Montevideo" },
    "0 1 * * *",
    "daily 22:00 America/Montevideo = 01:00 (the next day) UTC",
  ],
  [
    { weekdays: "22:00", timezone: "America/Montevideo" },
    "0 1 * * 2-6",
    "weekdays 22:00 America/Montevideo = 01:00 (the next day) UTC",
  ],
  [
    { cron: "0 22 * * 6", timezone: "America/Montevideo" },
    "0 1 * * 0",
    "Sat 22:00 America/Montevideo = 01:00 (the next day) UTC",
  ],
  [
    { cron: "0 2 * * 0", timezone: "Asia/Kolkata" },
    "30 20 * * 6",
    "Sun 02:00 Asia/Kolkata = 20:30 (the day before) UTC",
  ],
  [
    { daily: ["02:00", "10:00", "18:00"], timezone: "Asia/Tokyo" },
    "0 1,9,17 * * *",
    "daily 02:00, 10:00, 18:00 Asia/Tokyo = 17:00 (the day before), 01:00, 09:00 UTC",
  ],
  [
    { cron: "0 9 1 * *", timezone: "Asia/Tokyo" },
    "0 0 1 * *",
    "day 1 of the month 09:00 Asia/Tokyo = 00:00 UTC",
  ],
  [
    { cron: "0 9 1,15 6 MON", timezone: "Asia/Tokyo" },
    "0 0 1,15 6 1",
    "day 1, 15 of the month or Mon in Jun 09:00 Asia/Tokyo = 00:00 UTC",
  ],
  [
    { cron: "0 9 */2 * *", timezone: "Asia/Tokyo" },
    "0 0 */2 * *",
    "cron 0 9 */2 * * Asia/Tokyo (UTC+09:00)",
  ],
  [
    { cron: "0 8-16 * * *", timezone: "America/Mazatlan" },
    "0 15-23 * * *",
    "daily every 1h from 08:00 to 16:00 America/Mazatlan = every 1h from 15:00 to 23:00 UTC",
  ],
  [
    { cron: "5 0-23 * * *", timezone: "Asia/Kolkata" },
    "35 * * * *",
    "every hour at :05 Asia/Kolkata = :35 UTC",
  ],
  [
    { cron: "*/10 * * * *", timezone: "Europe/London" },
    "*/10 * * * *",
    "every 10m from :00 Europe/London = from :00 UTC",
  ],
])("%j compiles to %s and reads: %s", (text, utcCron, words) => {
  const schedule = parseSchedule(text, "America/Mazatlan");

  expect(compileUtcCron(schedule)).toBe(utcCron);
  expect(describeSchedule(schedule)).toBe(words);
});

test("what UTC cannot say is refused, with what to do instead", () => {
  expect([
    messageOf(compile({ daily: "10:00", timezone: "Europe/Vienna" })),
    messageOf(compile({ cron: "0 */6 * * *", timezone: "Europe/Vienna" })),
    messageOf(compile({ cron: "0 * * * *", timezone: "Australia/Lord_Howe" })),
    messageOf(compile({ cron: "0 22 1 * *", timezone: "America/Montevideo" })),
    messageOf(compile({ cron: "0 1,22 * * 1", timezone: "America/Montevideo" })),
    messageOf(compile({ cron: "0,45 12 * * *", timezone: "Asia/Kolkata" })),
    messageOf(compile({ every: "90m" })),
    messageOf(compile({ every: "10s" })),
    messageOf(compile({ manual: true })),
    messageOf(compile({ onStart: true })),
  ]).toMatchInlineSnapshot(`
    [
      "Europe/Vienna changes its clock, and a UTC cron would be wrong for part of the year. Write the schedule in UTC (timezone: UTC), set dst: two-crons in the schedule, or run the job in a service, which follows the zone (in: <service>).",
      "Europe/Vienna changes its clock, and a UTC cron would be wrong for part of the year. Write the schedule in UTC (timezone: UTC), set dst: two-crons in the schedule, or run the job in a service, which follows the zone (in: <service>).",
      "Australia/Lord_Howe changes its clock, and a UTC cron would be wrong for part of the year. Write the schedule in UTC (timezone: UTC), set dst: two-crons in the schedule, or run the job in a service, which follows the zone (in: <service>).",
      ""0 22 1 * *" falls on another date in UTC, and a cron cannot shift dates of the month. Choose a time that is the same date in UTC, use days of the week, or run it in a service (in: <service>).",
      ""0 1,22 * * 1" is not one cron in UTC: some of its runs fall on another day there. Split it into one job before and one after midnight UTC.",
      ""0,45 12 * * *" is not one cron in UTC: its minutes fall into different hours. Split it into jobs with one minute each, or run it in a service (in: <service>).",
      "a cron cannot express every 90m. Use minutes that divide an hour, hours that divide a day, 1d or 1w, or run the job in a service (in: <service>).",
      "a cron cannot express every 10s. Use minutes that divide an hour, hours that divide a day, 1d or 1w, or run the job in a service (in: <service>).",
      "a cron job cannot run only by hand. Run the job in a service (in: <service>).",
      "a cron job cannot run only at the start of a process. Run the job in a service (in: <service>).",
    ]
  `);
});

test("a token that no cron knows is refused by name, never read as every day", () => {
  expect([
    messageOf(parse("0 0 * * MON-FRIDAY")),
    messageOf(parse("*/0 * * * *")),
    messageOf(parse("*/60 * * * *")),
    messageOf(parse("61 * * * *")),
    messageOf(parse("0 24 * * *")),
    messageOf(parse("0 0 * * 8")),
    messageOf(parse("0 0 * * FRI-MON")),
    messageOf(parse("0 0 31 2 *")),
    messageOf(parse("0 0 */2 * 1")),
    messageOf(parse("0 0 * *")),
    messageOf(parse("@daily")),
    messageOf(parse("0 0 L * *")),
    messageOf(parse("")),
  ]).toMatchInlineSnapshot(`
    [
      ""MON-FRIDAY" in the day of the week field is not valid. Write *, */n, n, n-m or a list of them, with n from 0 to 7, or SUN to SAT.",
      ""*/0" in the minute field has a step of 0. A step is from 1 to 59; for once in the whole field write 0.",
      ""*/60" in the minute field has a step of 60. A step is from 1 to 59; for once in the whole field write 0.",
      "61 is out of range in the minute field. It takes 0 to 59.",
      "24 is out of range in the hour field. It takes 0 to 23.",
      "8 is out of range in the day of the week field. It takes 0 to 7.",
      ""FRI-MON" in the day of the week field runs backwards. Write it as two ranges with a comma between them.",
      ""0 0 31 2 *" never comes: no such month has a day 31. Correct the day of the month or the month.",
      ""*/2" with day of the week "1" means "and" to some programs, "or" to others. Restrict one of the two day fields, or list the days.",
      ""0 0 * *" has 4 fields. A cron has five: minute, hour, day of the month, month, day of the week.",
      ""@daily" has 1 field. A cron has five: minute, hour, day of the month, month, day of the week.",
      ""L" in the day of the month field is not valid. Write *, */n, n, n-m or a list of them, with n from 1 to 31.",
      """ has 0 fields. A cron has five: minute, hour, day of the month, month, day of the week.",
    ]
  `);
});

test("times, durations and zones that do not exist are refused", () => {
  expect([
    messageOf(() => parseSchedule({ daily: "9:30" }, "UTC")),
    messageOf(() => parseSchedule({ weekdays: "24:00" }, "UTC")),
    messageOf(() => parseSchedule({ daily: ["09:30", "12:00"] }, "UTC")),
    messageOf(() => parseSchedule({ daily: "10:00", timezone: "Europe/Wien" }, "UTC")),
    messageOf(() => parseSchedule({ daily: "10:00", timezone: "europe/vienna" }, "UTC")),
    messageOf(() => parseSchedule({ daily: "10:00" }, "+01:00")),
    messageOf(() => parseDuration("0h")),
    messageOf(() => parseDuration("1 hour")),
  ]).toMatchInlineSnapshot(`
    [
      ""9:30" is not a time of day. Write hours and minutes in quotes: "09:30".",
      ""24:00" is not a time of day. Write hours and minutes in quotes: "09:30".",
      "the times 09:30, 12:00 have different minutes, which one cron cannot express. Give them the same minute, or write a job for each.",
      ""Europe/Wien" is not a time zone. Use an IANA name such as Europe/Vienna.",
      ""europe/vienna" is not a time zone. Write it as Europe/Vienna.",
      ""+01:00" is not a time zone. Use an IANA name such as Europe/Vienna.",
      ""0h" is not a duration. Write a number and a unit: 90s, 15m, 6h, 7d, 2w.",
      ""1 hour" is not a duration. Write a number and a unit: 90s, 15m, 6h, 7d, 2w.",
    ]
  `);
});

test("a zone that has changed its clock for the last time is no longer refused", () => {
  const schedule = parseSchedule({ weekdays: "13:00", timezone: "America/Mazatlan" }, "UTC");

  const utcCron = (year: number) => compileUtcCron(schedule, new Date(Date.UTC(year, 0, 1)));

  expect(messageOf(() => utcCron(2022))).toContain("America/Mazatlan changes its clock");
  expect(utcCron(2023)).toBe("0 20 * * 1-5");
  expect(describeSchedule(schedule, new Date("2022-01-01T00:00:00Z"))).toBe(
    "weekdays 13:00 America/Mazatlan = 19:00 or 20:00 UTC",
  );
});

test.each([
  [0, "0 s"],
  [59.6, "1 min"],
  [90, "1 min 30 s"],
  [3600, "1 h"],
  [7545, "2 h 5 min"],
  [93_600, "1 d 2 h"],
  [30 * 86_400, "30 d"],
])("%d seconds are %s", (seconds, words) => {
  expect(describeDuration(seconds)).toBe(words);
});
