import { expect, test, vi } from "vitest";
import { sleep, startTimer } from "./timer.ts";

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
