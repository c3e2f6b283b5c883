import { expect, test } from "vitest";
import { FAILED } from "../../testing/scratch-event.ts";
import { safeEvent } from "./safe-event.ts";

test("a field of the details that is called after a secret is not told, whatever it holds", () => {
  const { details } = safeEvent({ ...FAILED, details: { password: "canary", rows: 3 } });

  expect(details).toEqual({ password: "[redacted]", rows: 3 });
});

test("details are 2,000 characters at most, and each value 500", () => {
  const deep = { a: "x".repeat(400), b: { c: "y".repeat(400) } };
  const many = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`f${index}`, deep]));

  const { details } = safeEvent({ ...FAILED, details: { error: "e".repeat(9000), ...many } });

  expect(JSON.stringify(details).length).toBeLessThan(2200);
  expect(Object.values(details).map((it) => String(it).length)).toEqual([500, 500, 500]);
  expect(details["f0"]).toMatch(/^\{"a":"x+…$|^\{"a":"x+.*…$/);
});

test("a list is told by its first three items", () => {
  const { details } = safeEvent({ ...FAILED, details: { skus: [1, 2, 3, 4, 5] } });

  expect(details).toEqual({ skus: [1, 2, 3, "and 2 more"] });
});
