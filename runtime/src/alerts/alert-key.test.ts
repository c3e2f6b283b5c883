import { expect, test } from "vitest";
import { normalisedKey } from "./safe-event.ts";

test.for([
  ["shop/digest/fail", "shop/digest/fail"],
  ["shop/cache-7d/late", "shop/cache-7d/late"],
  ["shop/db2/replica-10/fail", "shop/db2/replica-10/fail"],
  ["shop/deadbeefcafe/fail", "shop/deadbeefcafe/fail"],
  ["redis at 10.0.0.12:6379", "redis at 10.0.0.12:6379"],
  ["run 3f2504e0-4f89-41d3-9a0c-0305e82c3301 failed", "run <id> failed"],
  ["failed at 2026-11-22T10:00:00.123Z", "failed at <time>"],
  ["failed at 2026-11-22 10:00", "failed at <time>"],
  ["due 09:30 missed", "due <time> missed"],
  ["took 812ms", "took <time>"],
  ["took 3.5 seconds, then 2 min", "took <time>, then <time>"],
  ["request_id=abc-1 refused", "request_id=<id> refused"],
  ["sched-refresh-202611221000", "sched-refresh-<id>"],
  ["epoch 1795341600123", "epoch <id>"],
  ["commit 9f86d081", "commit <id>"],
] as const)("the key of %s is %s", ([key, normal]) => {
  expect(normalisedKey(key)).toBe(normal);
  expect(normalisedKey(normal)).toBe(normal);
});

test("a key that is a text is cut", () => {
  expect(normalisedKey("x".repeat(5000))).toHaveLength(200);
});
