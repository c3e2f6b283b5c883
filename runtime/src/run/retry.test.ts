import { expect, test } from "vitest";
import { isRetried, retryPolicy } from "./attempts.ts";
import { backoffMs, retry } from "./retry.ts";

test.each([
  [undefined, 1, true],
  [{ max: 2 }, 1, true],
  [{ max: 2 }, undefined, true],
  [{ max: 2 }, 78, false],
  [{ max: 2, on: [7] }, 7, true],
  [{ max: 2, on: [7] }, 8, false],
  [{ max: 2, on: [7] }, undefined, false],
  [{ max: 2, on: [7] }, 75, true],
  [{ max: 2, on: [78] }, 78, false],
])("with retries %o, the exit code %s is retried: %s", (retries, exitCode, isAgain) => {
  expect(isRetried(retries, exitCode)).toBe(isAgain);
});

test.each([
  [undefined, 1],
  [{ max: 0 }, 1],
  [{ max: 2 }, 3],
])("with retries %o, a job has %s attempt(s) at most", (retries, attempts) => {
  expect(retryPolicy(retries).attempts).toBe(attempts);
});

test("the pause between attempts doubles, varies by a fifth and is at most 15 minutes", () => {
  const policy = retryPolicy({ max: 9, backoffSeconds: 2 });

  expect([1, 2, 3].map((attempt) => backoffMs(policy, attempt, 0.5))).toEqual([
    2_000, 4_000, 8_000,
  ]);
  expect([0, 1].map((random) => backoffMs(policy, 1, random))).toEqual([1_600, 2_400]);
  expect(backoffMs(policy, 30, 0.5)).toBe(900_000);
});

/** Fails with each of these errors, one after the other, and then succeeds. */
function failing(...errors: readonly Error[]): () => Promise<string> {
  const left = [...errors];
  return async () => {
    const error = left.shift();
    if (error) throw error;
    return "done";
  };
}

const AWAY = new Error("away");

test("retries until it works, or throws the last error", async () => {
  const policy = { attempts: 3, pauseMs: 1 };

  await expect(retry(failing(AWAY, AWAY), policy)).resolves.toBe("done");
  await expect(retry(failing(AWAY, AWAY, new Error("third")), policy)).rejects.toThrow("third");
});

test("a failure that is not temporary is not retried", async () => {
  const policy = { attempts: 3, pauseMs: 1, isTemporary: () => false };

  await expect(retry(failing(AWAY), policy)).rejects.toThrow("away");
});

test("no attempt starts after the budget", async () => {
  let attempts = 0;
  const work = async (attempt: number): Promise<never> => {
    attempts = attempt;
    throw AWAY;
  };

  await expect(retry(work, { budgetMs: 100, pauseMs: 40, pauseMsMax: 40 })).rejects.toThrow("away");

  expect(attempts).toBeGreaterThan(1);
  expect(attempts).toBeLessThan(6);
});

test("the pause is as long as the server asks; a longer one than allowed ends the retries", async () => {
  const pauses: number[] = [];
  const policy = {
    attempts: 2,
    pauseMs: 1,
    pauseMsMax: 50,
    onRetry: ({ pauseMs }: { pauseMs: number }) => pauses.push(pauseMs),
  };

  await retry(failing(AWAY), { ...policy, retryAfterMs: () => 50 });
  const tooLong = retry(failing(AWAY), { ...policy, retryAfterMs: () => 51 });

  await expect(tooLong).rejects.toThrow("away");
  expect(pauses).toEqual([50]);
});

test("an abort ends the pause with the signal's reason", async () => {
  const stop = new AbortController();
  const retrying = retry(failing(AWAY), { pauseMs: 60_000, signal: stop.signal });

  stop.abort(new Error("stopped"));

  await expect(retrying).rejects.toThrow("stopped");
});
