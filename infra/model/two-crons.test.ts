import { RuntimeManifest } from "@opspec/runtime/contract";
import { expect, test } from "vitest";
import { modelOf, refusals } from "../testing/spec-text.ts";

const job = (schedule: string, rest = "on: render"): string => `
timezone: Europe/Vienna
services:
  web: { type: web, source: { repo: "https://example.com/a" }, runtime: node, start: node a.js, plan: starter }
jobs:
  report: { uses: http, options: { url: "https://example.com" }, schedule: ${schedule}, ${rest} }
`;

test("a zone that changes its clock gets one cron for winter and one for summer, with one manifest", () => {
  const { jobs } = modelOf(job('{ weekdays: "00:30", dst: two-crons }'));
  const manifests = jobs.map((it) =>
    RuntimeManifest.parse(JSON.parse(it.secretFiles?.[0]?.content ?? "null")),
  );

  expect(jobs.map((it) => [it.key, it.name, it.schedule.utcCron, it.command, it.job])).toEqual([
    ["report", "shop-report", "30 23 * * 0-4", "/opt/opspec/opspec-runtime run report", undefined],
    [
      "report-summer",
      "shop-report-summer",
      "30 22 * * 0-4",
      "/opt/opspec/opspec-runtime run report",
      "report",
    ],
  ]);
  expect(manifests.map((it) => it.process)).toEqual(["report", "report-summer"]);
  expect(manifests[1]?.jobs).toEqual(manifests[0]?.jobs);
  expect(manifests[0]?.jobs[0]).toMatchObject({
    name: "report",
    schedule: { pattern: "30 0 * * 1-5", timezone: "Europe/Vienna" },
    // The hour between the two crons, less the margin before the next change.
    slotToleranceSeconds: 3300,
  });
});

test("two crons are refused where they say nothing or cannot be told apart", () => {
  expect(
    [
      job('{ daily: "10:00", timezone: America/Mazatlan, dst: two-crons }'),
      job('{ daily: ["09:00", "10:00"], dst: two-crons }'),
      job('{ cron: "15 * * * *", dst: two-crons }'),
      job('{ cron: "0 0 1 * *", dst: two-crons }'),
      job('{ daily: "10:00", dst: two-crons }', "in: web"),
      job('{ daily: "10:00", dst: two-crons }', "on: render, calls: web"),
    ].flatMap((it) => refusals(it)),
  ).toMatchInlineSnapshot(`
    [
      "6:66   jobs/report/schedule: no change of the clock of America/Mazatlan moves this schedule, so one cron is enough. Remove dst: two-crons.",
      "6:66   jobs/report/schedule: "0 9,10 * * *" has times that are as far apart as the clock changes, so its two crons would start at one moment. Split it into jobs with one time each, or run it in a service (in: <service>).",
      "6:66   jobs/report/schedule: no change of the clock of Europe/Vienna moves this schedule, so one cron is enough. Remove dst: two-crons.",
      "6:66   jobs/report/schedule: "0 0 1 * *" falls on another date in UTC, and a cron cannot shift dates of the month. Choose a time that is the same date in UTC, use days of the week, or run it in a service (in: <service>).",
      "6:94   jobs/report/schedule/dst: is only for jobs with on: render; elsewhere the runtime handles the time zone. Remove it.",
      "6:94   jobs/report/schedule/dst: does not apply to jobs that call a service: the service's runtime handles the time zone. Remove it, and use in: web instead of on: and calls:.",
    ]
  `);
});

test("without the word the schedule stays refused, and the remedy names it", () => {
  expect(refusals(job('{ daily: "10:00" }'))[0]).toContain("set dst: two-crons in the schedule");
});

test("the second cron's name is long enough to tell and short enough for Render", () => {
  const other = `${job('{ daily: "10:00", dst: two-crons }')}  report-summer: { uses: http, options: { url: "https://example.com" }, schedule: { every: 1h }, on: render }`;

  expect(refusals(other)).toEqual([
    '7:3   jobs/report-summer: has the name "shop-report-summer" on Render, which jobs/report has too. Give one of them another name:.',
  ]);
});
