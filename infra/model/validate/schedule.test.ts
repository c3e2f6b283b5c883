import { expect, test } from "vitest";
import { refusals } from "../../testing/spec-text.ts";

test("a zone with daylight saving is refused for a UTC cron", () => {
  const found = refusals(`
timezone: Europe/Vienna
jobs:
  a: { uses: http, schedule: { daily: "10:00" }, on: render }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "4:20   jobs/a/schedule: Europe/Vienna changes its clock, and a UTC cron would be wrong for part of the year. Write the schedule in UTC (timezone: UTC), set dst: two-crons in the schedule, or run the job in a service, which follows the zone (in: <service>).",
    ]
  `);
});

test("a date that UTC would shift is refused", () => {
  const found = refusals(`
jobs:
  a: { uses: http, schedule: { cron: "0 22 1 * *", timezone: America/Montevideo }, on: render }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "3:20   jobs/a/schedule: "0 22 1 * *" falls on another date in UTC, and a cron cannot shift dates of the month. Choose a time that is the same date in UTC, use days of the week, or run it in a service (in: <service>).",
    ]
  `);
});

test("what no cron can say is refused", () => {
  const found = refusals(`
jobs:
  a: { uses: http, schedule: { every: 7h }, on: render }
  b: { uses: http, schedule: { manual: true }, on: render }
  c: { uses: http, schedule: { onStart: true }, on: render }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "3:20   jobs/a/schedule: a cron cannot express every 7h. Use minutes that divide an hour, hours that divide a day, 1d or 1w, or run the job in a service (in: <service>).",
      "4:20   jobs/b/schedule: a cron job cannot run only by hand. Run the job in a service (in: <service>).",
      "5:20   jobs/c/schedule: a cron job cannot run only at the start of a process. Run the job in a service (in: <service>).",
    ]
  `);
});

test("a cron job of Render has no start of a process", () => {
  const found = refusals(`
jobs:
  a: { uses: http, schedule: { every: 1h, onStart: true }, on: render }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "3:43   jobs/a/schedule/onStart: onStart does not apply to a Render cron job. Remove it, or run the job in a service (in: <service>).",
    ]
  `);
});
