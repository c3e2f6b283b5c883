import { expect, test } from "vitest";
import { momentOf } from "../jobs/file.ts";
import { backupOf, tooMany } from "./backup-file.ts";

test("a backup is known by prefix, time and number, and nothing else is one", () => {
  expect(backupOf("ventas_20260106_220000.db", "ventas_")).toEqual({
    name: "ventas_20260106_220000.db",
    takenAt: new Date("2026-01-06T22:00:00Z"),
    number: 0,
  });
  expect(backupOf("ventas_20260106_220000_2.db", "ventas_")?.number).toBe(2);
  for (const name of [
    "ventas_20260106_220000.db.before_restore",
    "ventas_20260106_220000.db.gz",
    "ventas_20260106_220000.db.json",
    "ventas_20261306_220000.db",
    "ventas_20260231_220000.db",
    "ventas_old_20260106_220000.db",
    "otra_20260106_220000.db",
    ".ventas_20260106_220000.1234abcd.part",
    "ventas_.db",
  ]) {
    expect(backupOf(name, "ventas_"), name).toBeUndefined();
  }
});

test("the newest by name stay, and the one that was verified last whatever its name says", () => {
  const newestFirst = ["04", "03", "02", "01"].map((day) => ({
    name: day,
    takenAt: momentOf(`202601${day}_000000`) ?? new Date(0),
    number: 0,
  }));

  const removed = (keep: number, ...stay: string[]) =>
    tooMany(newestFirst, keep, new Set(stay)).map(({ name }) => name);
  expect(removed(2, "04")).toEqual(["02", "01"]);
  expect(removed(2, "01")).toEqual(["02"]);
  expect(removed(1, "03", "01")).toEqual(["02"]);
  expect(removed(9, "04")).toEqual([]);
});
