import { expect, test, vi } from "vitest";
import { sleep, startTimer, timeLimit } from "./timer.ts";

test("a timer of more than 2^31 - 1 ms fires when it is due, and not at once", () => {
  vi.useFakeTimers();
  const fired = vi.fn<() => void>();

  startTimer(2 ** 31 + 1000, fired);
  vi.advanceTimersByTime(2 ** 31);
  expect(fired).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1000);

  expect(fired).toHaveBeenCalledOnce();
  vi.useRealTimers();
});

test("an abort ends a sleep without an error, also one that came before it", async () => {
  const stop = new AbortController();
  const sleeping = sleep(60_000, stop.signal);
  stop.abort();

  await expect(sleeping).resolves.toBeUndefined();
  await expect(sleep(60_000, stop.signal)).resolves.toBeUndefined();
});

test("a time limit of 30 days is not over at once, and is a timeout when it is", () => {
  vi.useFakeTimers();
  const days = 24 * 3600 * 1000;

  const limit = timeLimit(30 * days);
  vi.advanceTimersByTime(29 * days);
  expect(limit.aborted).toBe(false);
  vi.advanceTimersByTime(days);

  expect(limit.reason).toMatchObject({ name: "TimeoutError" });
  vi.useRealTimers();
});
