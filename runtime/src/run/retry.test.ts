import { expect, test } from "vitest";
import { isRetried, retryPauseMs } from "./retry.ts";

test.each([
  [undefined, { attempt: 1, exitCode: 75 }, false],
  [{ max: 2 }, { attempt: 1, exitCode: 1 }, true],
  [{ max: 2 }, { attempt: 2, exitCode: undefined }, true],
  [{ max: 2 }, { attempt: 3, exitCode: 1 }, false],
  [{ max: 2 }, { attempt: 1, exitCode: 78 }, false],
  [{ max: 2, on: [7] }, { attempt: 1, exitCode: 7 }, true],
  [{ max: 2, on: [7] }, { attempt: 1, exitCode: 8 }, false],
  [{ max: 2, on: [7] }, { attempt: 1, exitCode: undefined }, false],
  [{ max: 2, on: [7] }, { attempt: 1, exitCode: 75 }, true],
  [{ max: 2, on: [78] }, { attempt: 1, exitCode: 78 }, false],
])("with %o a failure of %o is tried again: %s", (retries, failure, isAgain) => {
  expect(isRetried(retries, failure)).toBe(isAgain);
});

test("the pause between attempts doubles, varies by a fifth and is at most 15 minutes", () => {
  const retries = { max: 9, backoffSeconds: 2 };

  expect([1, 2, 3].map((attempt) => retryPauseMs(retries, attempt, 0.5))).toEqual([
    2_000, 4_000, 8_000,
  ]);
  expect([0, 1].map((random) => retryPauseMs(retries, 1, random))).toEqual([1_600, 2_400]);
  expect(retryPauseMs(retries, 30, 0.5)).toBe(900_000);
});
