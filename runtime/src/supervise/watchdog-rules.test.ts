import { ConfigurationError } from "../contract/configuration-error.ts";
import { judgeSigns, watchdogRules } from "./watchdog-rules.ts";
import { expect, test } from "vitest";

test("c1c-recruitment's numbers are the defaults: 360 s and 1110 s in production, 60 s and 210 s elsewhere", () => {
  expect(watchdogRules({}, "production", {})).toEqual({
    checkMs: 360_000,
    stallMs: 1_110_000,
    disconnectMs: 1_110_000,
  });
  expect(watchdogRules({}, "staging", {})).toEqual({
    checkMs: 60_000,
    stallMs: 210_000,
    disconnectMs: 210_000,
  });
});

const BOUND = {
  checkEnv: "WATCHDOG_CHECK_SEC",
  stallEnv: "WATCHDOG_STALL_SEC",
  disconnectEnv: "WATCHDOG_DISCONNECT_GRACE_SEC",
};

test("the variables of the runbook win over the manifest", () => {
  const env = {
    WATCHDOG_CHECK_SEC: "10",
    WATCHDOG_STALL_SEC: "",
    WATCHDOG_DISCONNECT_GRACE_SEC: "7",
  };

  expect(watchdogRules({ ...BOUND, checkSeconds: 99 }, "production", env)).toEqual({
    checkMs: 10_000,
    stallMs: 60_000,
    disconnectMs: 7000,
  });
});

test("a variable that is no number of seconds is refused by its name", () => {
  const env = { WATCHDOG_CHECK_SEC: "5m", WATCHDOG_STALL_SEC: "0" };

  expect(() => watchdogRules(BOUND, "production", env)).toThrow(ConfigurationError);
  expect(() => watchdogRules(BOUND, "production", env)).toThrow(
    /WATCHDOG_CHECK_SEC[^]*WATCHDOG_STALL_SEC/,
  );
});

const RULES = { checkMs: 1000, stallMs: 5000, disconnectMs: 3000 };
const gone = (forMs: number) => ({ ageMs: 0, connection: { ok: false, forMs, latencyMs: 1 } });
const connected = (latencyMs?: number) => ({ ok: true, forMs: 9e9, latencyMs });

test("an app that gave no sign yet is not restarted", () => {
  expect(judgeSigns(RULES, { ageMs: undefined, connection: undefined }).is).toBe("unknown");
});

test("a sign of life older than the limit is a stall", () => {
  expect(judgeSigns(RULES, { ageMs: 5000, connection: undefined }).is).toBe("alive");
  expect(judgeSigns(RULES, { ageMs: 5001, connection: connected() })).toEqual({
    is: "stalled",
    why: "no sign of life for 5 s",
  });
});

test("a quiet app whose connection answers within 10 s is left alone", () => {
  expect(judgeSigns(RULES, { ageMs: 9000, connection: connected(10_000) }).is).toBe("quiet");
  expect(judgeSigns(RULES, { ageMs: 9000, connection: connected(10_001) }).is).toBe("stalled");
});

test("a connection that is gone for too long ends the app though it gives signs of life", () => {
  expect(judgeSigns(RULES, gone(3000)).is).toBe("alive");
  expect(judgeSigns(RULES, gone(3001)).is).toBe("disconnected");
});
