import { expect, test } from "vitest";
import { bindOptions } from "./bindings.ts";
import { ConfigurationError } from "./configuration-error.ts";

const TRIM = {
  name: "trim",
  uses: "dead-letter-trim",
  options: {
    keep: { env: "DEAD_LETTER_KEEP", default: 100 },
    queue: { env: "JOB_DEAD_LETTER_QUEUE", default: "jobs:dead" },
    dryRun: { env: "TRIM_DRY_RUN" },
  },
};

const BACKUP = {
  name: "backup",
  uses: "sqlite-backup",
  options: {
    database: "/data/ventas.db",
    directory: "/data/backups",
    keep: { env: "BACKUP_RETAIN_COUNT", default: 7 },
  },
};

test("an option that is bound to a variable is its default where the variable is not set", () => {
  expect(bindOptions(TRIM, { DEAD_LETTER_KEEP: "" })).toEqual({ keep: 100, queue: "jobs:dead" });
});

test("the runbooks' own names decide the options that are bound to them", () => {
  const env = {
    DEAD_LETTER_KEEP: " 0 ",
    JOB_DEAD_LETTER_QUEUE: "other:dead",
    TRIM_DRY_RUN: "TRUE",
    BACKUP_RETAIN_COUNT: "12",
  };

  expect(bindOptions(TRIM, env)).toEqual({ keep: 0, queue: "other:dead", dryRun: true });
  expect(bindOptions(BACKUP, env)).toMatchObject({ keep: 12 });
});

test("a retention whose variable is set to nothing is refused, and without the variable it is the default", () => {
  const retentionDays = { env: "RETENTION_DAYS", default: 90 };
  const purge = { name: "purge", uses: "purge", options: { tables: ["events"], retentionDays } };

  expect(() => bindOptions(purge, { RETENTION_DAYS: "" })).toThrow(
    'RETENTION_DAYS: is empty. Set it, or remove it: it sets the option retentionDays of job "purge".',
  );
  expect(bindOptions(purge, {})).toMatchObject({ retentionDays: 90 });
});

test("a list is written with commas or as JSON", () => {
  const purge = {
    name: "purge",
    uses: "purge",
    options: { tables: { env: "PURGE_TABLES" }, retentionDays: { env: "RETENTION_DAYS" } },
  };

  const bound = bindOptions(purge, { PURGE_TABLES: "job_runs, events", RETENTION_DAYS: "90" });
  const listed = bindOptions(purge, { PURGE_TABLES: '["events"]', RETENTION_DAYS: "90" });

  expect(bound).toEqual({ tables: ["job_runs", "events"], retentionDays: 90 });
  expect(listed).toMatchObject({ tables: ["events"] });
});

test.each(["-1", "many", "1.5", "1e3", "12x"])(
  "an invalid value of a bound variable, %s, is refused by the variable's name and not repeated",
  (value) => {
    const bind = () => bindOptions(TRIM, { DEAD_LETTER_KEEP: value });

    expect(bind).toThrow(ConfigurationError);
    expect(bind).toThrow(/^DEAD_LETTER_KEEP: .*it sets the option keep of job "trim"\.$/);
    expect(bind).not.toThrow(value);
  },
);

test("a needed option whose variable is not set is refused by the variable's name", () => {
  const purge = {
    name: "purge",
    uses: "purge",
    options: { tables: ["a"], retentionDays: { env: "DAYS" } },
  };

  expect(() => bindOptions(purge, {})).toThrow(
    'DAYS: is not set. Set it: it sets the option retentionDays of job "purge".',
  );
});
