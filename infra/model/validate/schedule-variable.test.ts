import { expect, test } from "vitest";
import { refusals } from "../../testing/spec-text.ts";

const stack = (schedule: string, owner = "in: web"): string => `
timezone: America/Montevideo
services:
  web:
    type: web
    source: { repo: "https://example.com/a" }
    runtime: node
    start: node a.js
    plan: starter
    env: { HOUR: 22, ZONE: America/Montevideo, HOURS: 6 }
jobs:
  a: { uses: http, options: { url: "https://example.com" }, schedule: ${schedule}, ${owner} }
`;

test.each([
  '{ daily: "22:00", from: { hour: HOUR, timezone: ZONE } }',
  '{ daily: "05:00", from: { hour: UNSET } }',
  "{ every: 6h, from: { everyHours: HOURS } }",
])("a schedule that says what its variables say is accepted: %s", (schedule) => {
  expect(refusals(stack(schedule))).toEqual([]);
});

test("a variable that says something else than the schedule is refused, because it would win", () => {
  expect(
    [
      '{ daily: "21:00", timezone: UTC, from: { hour: HOUR, timezone: ZONE } }',
      "{ every: 3h, from: { everyHours: HOURS } }",
    ].flatMap((it) => refusals(stack(it))),
  ).toMatchInlineSnapshot(`
    [
      "12:112   jobs/a/schedule/from/hour: HOUR is 22 in "web", and the schedule says 21. Make them equal: the variable overrides the schedule at run time.",
      "12:124   jobs/a/schedule/from/timezone: ZONE is America/Montevideo in "web", and the schedule says UTC. Make them equal: the variable overrides the schedule at run time.",
      "12:92   jobs/a/schedule/from/everyHours: HOURS is 6 in "web", and the schedule says 3. Make them equal: the variable overrides the schedule at run time.",
    ]
  `);
});

test("one variable cannot say several times, and a cron job sees no variables", () => {
  expect([
    ...refusals(stack('{ daily: ["05:00", "22:00"], from: { hour: UNSET } }')),
    ...refusals(stack("{ every: 6h, from: { everyHours: HOURS } }", "on: render")),
  ]).toMatchInlineSnapshot(`
    [
      "12:108   jobs/a/schedule/from/hour: one variable cannot override several times of day. Use one time of day, or one job for each.",
      "12:84   jobs/a/schedule/from: is only for jobs with in: other schedulers cannot read variables. Set the time, or run the job in a service (in: <service>).",
    ]
  `);
});
