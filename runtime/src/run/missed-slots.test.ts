import { expect, test } from "vitest";
import type { ManifestJob } from "../contract/job.ts";
import { parseSchedule } from "../schedule/schedule.ts";
import { isInTime, jitterMs, missedSlots } from "./slots.ts";

const job = { name: "sweep", uses: "command", startedBy: "schedule" } satisfies ManifestJob;
const hourly = parseSchedule({ every: "1h" }, "UTC");
const outage = { last: new Date("2026-03-01T06:00Z"), now: new Date("2026-03-01T09:10Z") };

test.each([
  { policy: "none" as const, slots: [] },
  { policy: "latest" as const, slots: ["2026-03-01T09:00:00.000Z"] },
  {
    policy: "all" as const,
    slots: ["2026-03-01T07:00:00.000Z", "2026-03-01T08:00:00.000Z", "2026-03-01T09:00:00.000Z"],
  },
])("after an outage of three hours catch-up $policy runs $slots", ({ policy, slots }) => {
  const missed = missedSlots({ ...job, catchUp: { policy } }, hourly, outage);

  expect(missed.map(({ slot }) => slot.toISOString())).toEqual(slots);
});

test("all makes up for the newest slots and for no more than max", () => {
  const missed = missedSlots({ ...job, catchUp: { policy: "all", max: 2 } }, hourly, outage);

  expect(missed.map(({ slot }) => slot.getUTCHours())).toEqual([8, 9]);
});

test("a job that never ran has missed nothing", () => {
  expect(missedSlots(job, hourly, { ...outage, last: undefined })).toEqual([]);
});

test("a clock that went backwards finds no slot that was handled before", () => {
  expect(missedSlots(job, hourly, { last: outage.now, now: outage.last })).toEqual([]);
});

test("a slot older than the latest start is not made up for", () => {
  const strict = { ...job, latestStartSeconds: 300 };

  expect(missedSlots(strict, hourly, outage)).toEqual([]);
  expect(isInTime(strict, new Date("2026-03-01T09:05Z"), outage.now)).toBe(true);
});

test("an outage of years ends with the slots of its end, found without walking through it", () => {
  const span = { last: new Date("2019-01-01T00:00Z"), now: new Date("2026-03-01T00:00:30Z") };

  const minutes = missedSlots(job, parseSchedule({ every: "1m" }, "UTC"), span);
  const yearly = missedSlots(job, parseSchedule({ cron: "0 0 1 7 *" }, "UTC"), span);

  expect(minutes.map(({ slot }) => slot.toISOString())).toEqual(["2026-03-01T00:00:00.000Z"]);
  expect(yearly.map(({ slot }) => slot.toISOString())).toEqual(["2025-07-01T00:00:00.000Z"]);
});

test("jitter is stable for a job of a process, within its bound, and differs between jobs", () => {
  const names = Array.from({ length: 50 }, (_, index) => `job-${index}`);
  const jitters = names.map((name) => jitterMs({ ...job, name, jitterSeconds: 30 }, "web"));

  expect(jitters).toEqual(
    names.map((name) => jitterMs({ ...job, name, jitterSeconds: 30 }, "web")),
  );
  expect(jitters.every((ms) => ms >= 0 && ms < 30_000)).toBe(true);
  expect(new Set(jitters).size).toBeGreaterThan(40);
  expect(jitterMs(job, "web")).toBe(0);
});
