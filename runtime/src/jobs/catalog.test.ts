import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { CATALOG, jobOptionProblems } from "./catalog.ts";
import { loadWork } from "./work.ts";

test.each(Object.keys(CATALOG))("the job %s of the catalog can be done", async (name) => {
  expect(await loadWork(name)).toBeTypeOf("function");
});

test("each folder is a job of the list, with the same name", () => {
  const folders = readdirSync(import.meta.dirname, { withFileTypes: true })
    .filter((it) => it.isDirectory())
    .map(({ name }) => name);

  expect(Object.keys(CATALOG).toSorted()).toEqual(folders.toSorted());
});

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
      message: "has an invalid value: it should be a number.",
      remedy: "Correct the value.",
    },
    {
      option: "x",
      message: '"purge" has no such option.',
      remedy: "Its options are: tables, column, retentionDays, batch, urlEnv.",
    },
  ]);
});

test("any option of any job may be bound to an environment variable, with or without a default", () => {
  for (const [uses, { options }] of Object.entries(CATALOG)) {
    const bound = Object.keys(options.shape).map((option) => [option, { env: "SOME_NAME" }]);

    expect({ uses, problems: jobOptionProblems(uses, Object.fromEntries(bound)) }).toEqual({
      uses,
      problems: [],
    });
  }
  const keep = { env: "DEAD_LETTER_KEEP", default: 100 };
  expect(jobOptionProblems("dead-letter-trim", { keep })).toEqual([]);
});

test("a bound option is refused for a bad default, a bad name and an option that is not there", () => {
  const options = {
    keep: { env: "DEAD_LETTER_KEEP", default: -1 },
    queue: { env: "NOT A NAME" },
    other: { env: "OTHER" },
  };

  expect(jobOptionProblems("dead-letter-trim", options)).toEqual([
    {
      option: "queue",
      message: "is not a binding to an environment variable.",
      remedy:
        "Write { env: NAME, default: value }, with a name of letters, digits and underscores.",
    },
    {
      option: "keep",
      message: "has an invalid value: it should be at least 0.",
      remedy: "Correct the value.",
    },
    {
      option: "other",
      message: '"dead-letter-trim" has no such option.',
      remedy: "Its options are: queue, keep, dryRun, urlEnv.",
    },
  ]);
});
