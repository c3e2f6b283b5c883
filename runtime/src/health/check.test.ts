import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { manualClock } from "../../testing/scratch-health.ts";
import { type Check, type CheckLoop, loopCheck } from "./check.ts";
import { CheckError } from "./error-words.ts";

/** Most time that a probe takes on a busy machine, in ms. */
const PATIENCE_MS = 10_000;

function started(check: Partial<Check>, clock = manualClock()): CheckLoop {
  const loop = loopCheck({ name: "it", kind: "ready", intervalMs: 5, ...check }, clock);
  onTestFinished(() => loop.stop());
  loop.start();
  return loop;
}

test("a check without a result yet is unknown, and not ok", () => {
  const loop = loopCheck({ name: "it", kind: "ready", probe: async () => ({}) });

  expect(loop.result()).toMatchObject({ state: "unknown", error: "not checked yet" });
});

test("a probe that finds a value reports it, with a problem too", async () => {
  const loop = started({ probe: async () => ({ value: 7, problem: "7 entries, more than 5" }) });

  await vi.waitFor(() => expect(loop.result().state).toBe("failed"), PATIENCE_MS);

  expect(loop.result()).toMatchObject({ value: 7, error: "7 entries, more than 5" });
});

test("a probe that takes too long fails, and no second one starts while it hangs", async () => {
  let probes = 0;
  const loop = started({
    timeoutMs: 10,
    probe: () => {
      probes += 1;
      return new Promise(() => {});
    },
  });

  await vi.waitFor(() => expect(loop.result().error).toBe("no answer within 10 ms"), PATIENCE_MS);
  await sleep(100);

  expect(probes).toBe(1);
  expect(loop.result()).toMatchObject({ state: "failed", value: undefined });
});

test("the signal of a probe is aborted when its time is over", async () => {
  let aborted = false;
  started({
    timeoutMs: 10,
    probe: async (signal) => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      aborted = true;
      return {};
    },
  });

  await vi.waitFor(() => expect(aborted).toBe(true), PATIENCE_MS);
});

test("a dependency that comes back is seen by the next probe", async () => {
  let isUp = false;
  const loop = started({
    probe: async () => {
      if (!isUp) throw new CheckError("down");
      return {};
    },
  });
  await vi.waitFor(() => expect(loop.result().error).toBe("down"), PATIENCE_MS);

  isUp = true;

  await vi.waitFor(() => expect(loop.result().state).toBe("ok"), PATIENCE_MS);
});

test("a result older than staleAfter is not believed: stale is failed", async () => {
  const clock = manualClock();
  const loop = started(
    { intervalMs: 3_600_000, staleAfterMs: 30_000, probe: async () => ({}) },
    clock,
  );
  await vi.waitFor(() => expect(loop.result().state).toBe("ok"), PATIENCE_MS);

  clock.advance(30);
  const justInTime = loop.result().state;
  clock.advance(1);

  expect(justInTime).toBe("ok");
  expect(loop.result()).toMatchObject({ state: "stale", error: "last checked 31 s ago" });
});

test("a stopped check holds no connection and probes no more", async () => {
  let probes = 0;
  let closed = 0;
  const loop = started({
    probe: async () => {
      probes += 1;
      return {};
    },
    close: async () => {
      closed += 1;
    },
  });
  await vi.waitFor(() => expect(probes).toBeGreaterThan(2), PATIENCE_MS);

  await loop.stop();
  const atStop = probes;
  await sleep(50);

  expect([probes, closed]).toEqual([atStop, 1]);
});
