import { expect, test } from "vitest";
import { bindSchedule } from "./bindings.ts";

const FROM = {
  hour: "BACKUP_TIME_HOUR",
  everyHours: "BACKUP_INTERVAL_HOURS",
  timezone: "BACKUP_TIMEZONE",
};
const DAILY = { pattern: "0 22 * * *", timezone: "America/Montevideo", from: FROM };
const BACKUP = { name: "backup", schedule: DAILY };

test("without its variables a schedule is the manifest's own", () => {
  expect(bindSchedule(BACKUP, { BACKUP_TIME_HOUR: "" })).toEqual({
    pattern: "0 22 * * *",
    onStart: false,
    timezone: "America/Montevideo",
  });
});

test("BACKUP_TIME_HOUR and BACKUP_TIMEZONE say when a daily job runs", () => {
  const env = { BACKUP_TIME_HOUR: "03", BACKUP_TIMEZONE: "UTC" };

  expect(bindSchedule(BACKUP, env)).toMatchObject({ pattern: "0 3 * * *", timezone: "UTC" });
});

test("an interval in hours replaces the pattern", () => {
  expect(bindSchedule(BACKUP, { BACKUP_INTERVAL_HOURS: "6" })).toMatchObject({
    everySeconds: 21_600,
  });
});

test("an interval in seconds is what the variable says, from a minute on", () => {
  const schedule = {
    everySeconds: 300,
    timezone: "UTC",
    from: { everySeconds: "KEEPALIVE_INTERVAL" },
  };
  const job = { name: "keepalive", schedule };

  expect(bindSchedule(job, {}).everySeconds).toBe(300);
  expect(bindSchedule(job, { KEEPALIVE_INTERVAL: "600" }).everySeconds).toBe(600);
  expect(() => bindSchedule(job, { KEEPALIVE_INTERVAL: "59" })).toThrow(
    /^KEEPALIVE_INTERVAL: it should be a whole number of seconds from 60 to /,
  );
});

test.each([
  [
    { BACKUP_TIME_HOUR: "24" },
    /^BACKUP_TIME_HOUR: it should be a whole number of hours from 0 to 23\./,
  ],
  [{ BACKUP_TIME_HOUR: "*" }, /^BACKUP_TIME_HOUR: /],
  [{ BACKUP_INTERVAL_HOURS: "0" }, /^BACKUP_INTERVAL_HOURS: /],
  [{ BACKUP_TIMEZONE: "Mars/Olympus" }, /^BACKUP_TIMEZONE: /],
])("an invalid variable of a schedule is refused by its name: %o", (env, message) => {
  expect(() => bindSchedule(BACKUP, env)).toThrow(message);
});
