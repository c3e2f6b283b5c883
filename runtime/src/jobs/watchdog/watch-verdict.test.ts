import { expect, test } from "vitest";
import { INITIAL_STATE, type WatchProbe, decideRestart } from "./work.ts";

const RULES = { failures: 2, cooldownSeconds: 600, bootGraceSeconds: 120 };
const NOW = new Date("2026-02-14T12:00:00.000Z");
const BAD: WatchProbe = { isGood: false, now: NOW, upSeconds: 3600 };
const GOOD: WatchProbe = { ...BAD, isGood: true };

test("one failure restarts nothing, the second in a row does, and a good look clears the count", () => {
  const first = decideRestart(RULES, INITIAL_STATE, BAD);
  const second = decideRestart(RULES, first.state, BAD);
  const cleared = decideRestart(RULES, decideRestart(RULES, first.state, GOOD).state, BAD);

  expect(first).toMatchObject({ isRestart: false, state: { failures: 1 } });
  expect(second).toMatchObject({
    isRestart: true,
    state: { failures: 0, restartedAt: NOW.toISOString() },
  });
  expect(cleared).toMatchObject({ isRestart: false, state: { failures: 1 } });
});

test("after a restart there is no other one until the cooldown is over", () => {
  const failing = { failures: 1, restartedAt: NOW.toISOString() };
  const later = (ms: number) =>
    decideRestart(RULES, failing, { ...BAD, now: new Date(NOW.getTime() + ms) });

  expect(later(599_000)).toMatchObject({
    isRestart: false,
    why: "restarted before; no other one for 1 s",
    state: { failures: 2, restartedAt: NOW.toISOString() },
  });
  expect(later(600_000)).toMatchObject({ isRestart: true });
  expect(later(-86_400_000)).toMatchObject({ isRestart: true });
});

test("while the machine starts, failures are not counted", () => {
  const booting = decideRestart(
    RULES,
    { failures: 1, restartedAt: null },
    { ...BAD, upSeconds: 119.999 },
  );

  expect(booting).toMatchObject({ isRestart: false, state: { failures: 0 } });
});
