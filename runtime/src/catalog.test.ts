import { expect, test } from "vitest";
import { CATALOG, jobOptionProblems } from "./catalog.ts";

test("every job of the runbooks is in the catalog, with a description", () => {
  expect(Object.keys(CATALOG)).toEqual(
    expect.arrayContaining([
      "alerts-flush",
      "heartbeat",
      "digest",
      "dead-letter-trim",
      "purge",
      "sqlite-backup",
      "command",
    ]),
  );
  expect(Object.values(CATALOG).every((job) => job.description.endsWith("."))).toBe(true);
});

test("good options have no problem, and an unknown job has none to tell", () => {
  expect(jobOptionProblems("dead-letter-trim", { keep: 0, dryRun: true })).toEqual([]);
  expect(jobOptionProblems("nothing", { a: 1 })).toEqual([]);
});

test("a wrong option is told without its value, which may be a secret", () => {
  expect(jobOptionProblems("purge", { tables: ["a"], retentionDays: "hunter2", x: 1 })).toEqual([
    {
      option: "retentionDays",
      message: "is of the wrong kind: it should be a number.",
      remedy: "Correct the value.",
    },
    {
      option: "x",
      message: '"purge" has no such option.',
      remedy: "It knows: tables, column, retentionDays, batch.",
    },
  ]);
});
