import { expect, test } from "vitest";
import type { ManifestJob } from "./job.ts";
import { checkBindings } from "./bindings.ts";
import { problemsOf } from "./configuration-error.ts";

const BACKUP: ManifestJob = {
  name: "backup",
  uses: "sqlite-backup",
  startedBy: "schedule",
  schedule: { pattern: "0 22 * * *", timezone: "UTC", from: { hour: "BACKUP_TIME_HOUR" } },
  options: {
    database: "/data/ventas.db",
    directory: "/data/backups",
    keep: { env: "BACKUP_RETAIN_COUNT", default: 7 },
  },
};

const TRIM: ManifestJob = {
  name: "trim",
  uses: "dead-letter-trim",
  startedBy: "call",
  options: { queue: "jobs:dead", keep: { env: "DEAD_LETTER_KEEP", default: 100 } },
};

const WRONG = { BACKUP_TIME_HOUR: "25", BACKUP_RETAIN_COUNT: "few", DEAD_LETTER_KEEP: "-1" };

test("every variable that makes a schedule or an option wrong is told at once, by its name", () => {
  const problems = problemsOf(() => checkBindings([BACKUP, TRIM], WRONG));

  expect(problems.map(({ where }) => where)).toEqual([
    "BACKUP_TIME_HOUR",
    "BACKUP_RETAIN_COUNT",
    "DEAD_LETTER_KEEP",
  ]);
});

test("variables that are right or not set are no problem, nor are the options of jobs that others run", () => {
  const others = (["app", "elsewhere"] as const).map((startedBy) => ({ ...TRIM, startedBy }));

  expect(problemsOf(() => checkBindings([BACKUP, TRIM], { BACKUP_TIME_HOUR: "3" }))).toEqual([]);
  expect(problemsOf(() => checkBindings(others, WRONG))).toEqual([]);
});
