import { expect, test } from "vitest";
import { parseSchedule } from "../schedule/schedule.ts";
import { latestSlot, slotOfTick } from "./slots.ts";

const DAILY = parseSchedule({ daily: "10:00", timezone: "Europe/Vienna" }, "UTC");

test("the slot of a late tick is the last one before it", () => {
  expect(slotOfTick(DAILY, new Date("2026-07-01T08:07:00Z"))).toEqual(
    new Date("2026-07-01T08:00:00Z"),
  );
  expect(
    slotOfTick(parseSchedule({ every: "6h" }, "UTC"), new Date("2026-07-01T07:59:00Z")),
  ).toEqual(new Date("2026-07-01T06:00:00Z"));
});

test("a schedule without runs has no slot, so that a tick is for its own time", () => {
  const now = new Date("2026-07-01T08:07:00Z");

  expect(slotOfTick(parseSchedule({ manual: true }, "UTC"), now)).toEqual(now);
});

test.each([
  ["2026-07-01T08:00:00Z", "2026-07-01T08:00:00.000Z"],
  ["2026-07-01T08:10:00Z", "2026-07-01T08:00:00.000Z"],
  ["2026-07-01T08:10:01Z", undefined],
  ["2026-07-01T09:00:00Z", undefined],
  ["2026-12-01T09:00:00Z", "2026-12-01T09:00:00.000Z"],
  ["2026-12-01T08:00:00Z", undefined],
])("within ten minutes at %s the slot is %s", (now, slot) => {
  expect(latestSlot(DAILY, new Date(now), 600_000)?.toISOString()).toBe(slot);
});
