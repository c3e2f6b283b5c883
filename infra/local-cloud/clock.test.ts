import { expect, test } from "vitest";

import { nanoTimestamp, roundedTimestamp, timestamp } from "./clock.ts";

test("the same instant reads differently in nanoseconds and rounded to microseconds", () => {
  const nanos = nanoTimestamp(Date.UTC(2026, 0, 1));

  expect(nanos).toMatch(/^2026-01-01T00:00:00\.000\d{6}Z$/);
  expect(roundedTimestamp(nanos)).toMatch(/^2026-01-01T00:00:00\.\d{6}Z$/);
  expect(Date.parse(nanos)).toBe(Date.UTC(2026, 0, 1));
});

test.each([
  ["2026-01-01T00:00:00.123456789Z", "2026-01-01T00:00:00.123457Z"],
  ["2026-01-01T00:00:00.999999999Z", "2026-01-01T00:00:00.999999Z"],
  ["2026-01-01T00:00:00.5Z", "2026-01-01T00:00:00.500000Z"],
])("%s is rounded to %s", (text, rounded) => {
  expect(roundedTimestamp(text)).toBe(rounded);
});

test("a kept timestamp is in microseconds", () => {
  expect(timestamp(0)).toMatch(/^1970-01-01T00:00:00\.\d{6}Z$/);
});
