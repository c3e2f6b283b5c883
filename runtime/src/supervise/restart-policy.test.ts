import { afterEnd, restartRules } from "./restart-policy.ts";
import { expect, test } from "vitest";

const FAILED = { exitCode: 3, signal: null, wasForced: false };
const DONE = { exitCode: 0, signal: null, wasForced: false };
const KILLED = { exitCode: null, signal: "SIGKILL", wasForced: false } as const;

test("an app that failed is restarted after 1 s, then after twice as long each time", () => {
  const waits = [0, 1, 2, 3, 4].map((count) => {
    const restarts = Array.from({ length: count }, () => 0);
    return afterEnd(restartRules(undefined), FAILED, { restarts, nowMs: 10 });
  });

  expect(waits.map((wait) => (wait.next === "restart" ? wait.waitMs : wait))).toEqual([
    1000, 2000, 4000, 8000, 16_000,
  ]);
});

test("more restarts than the window allows end the process with the app's own code", () => {
  const rules = restartRules({ policy: "on-failure", max: 2, windowSeconds: 60 });

  expect(afterEnd(rules, FAILED, { restarts: [0, 1000], nowMs: 2000 })).toMatchObject({
    next: "exit",
    exitCode: 3,
  });
  expect(afterEnd(rules, KILLED, { restarts: [0, 1000], nowMs: 2000 })).toMatchObject({
    exitCode: 137,
  });
  expect(afterEnd(rules, FAILED, { restarts: [0, 1000], nowMs: 60_500 })).toEqual({
    next: "restart",
    waitMs: 2000,
  });
});

test("a used-up budget is never a success", () => {
  const rules = restartRules({ policy: "always", max: 1 });

  expect(afterEnd(rules, DONE, { restarts: [0], nowMs: 1 })).toMatchObject({ exitCode: 1 });
});

test("an end without failure is an end with on-failure and a restart with always", () => {
  const none = { restarts: [], nowMs: 0 };

  expect(afterEnd(restartRules(undefined), DONE, none)).toMatchObject({
    next: "exit",
    exitCode: 0,
  });
  expect(afterEnd(restartRules({ policy: "always" }), DONE, none).next).toBe("restart");
  expect(afterEnd(restartRules({ policy: "never" }), FAILED, none)).toMatchObject({ exitCode: 3 });
});

test("an app that the watchdog ended has failed, whatever its exit code says", () => {
  const end = { ...DONE, wasForced: true };

  expect(afterEnd(restartRules(undefined), end, { restarts: [], nowMs: 0 }).next).toBe("restart");
  expect(
    afterEnd(restartRules({ policy: "never" }), end, { restarts: [], nowMs: 0 }),
  ).toMatchObject({ exitCode: 1 });
});
