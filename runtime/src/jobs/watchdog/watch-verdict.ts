import type { WatchState } from "./watch-state.ts";

/** When a watchdog restarts. */
export interface WatchRules {
  /** Failures in a row. */
  readonly failuresMax: number;
  readonly cooldownMs: number;
  readonly bootGraceMs: number;
}

/** What one look found. */
export interface Look {
  readonly isGood: boolean;
  readonly now: Date;
  /** Since the machine started, in ms. */
  readonly upMs: number;
}

/** What follows: the state to keep, and whether something is restarted. */
export interface WatchVerdict {
  readonly state: WatchState;
  readonly next: "nothing" | "restart";
  /** In an operator's words. */
  readonly why: string;
}

/** Decides by what was seen before and now. */
export function judgeLook(rules: WatchRules, before: WatchState, look: Look): WatchVerdict {
  const { restartedAt } = before;
  const { failuresMax, cooldownMs, bootGraceMs } = rules;
  if (look.isGood) return { state: { failures: 0, restartedAt }, next: "nothing", why: "good" };
  if (look.upMs < bootGraceMs) {
    return {
      state: { failures: 0, restartedAt },
      next: "nothing",
      why: "the machine just started",
    };
  }
  const failures = before.failures + 1;
  const state = { failures, restartedAt };
  const count = `failure ${failures} of ${failuresMax}`;
  if (failures < failuresMax) return { state, next: "nothing", why: `${count}: no restart yet` };
  const sinceMs = restartedAt === null ? Infinity : look.now.getTime() - Date.parse(restartedAt);
  // A clock that was set back must not keep the watchdog from ever restarting again.
  if (sinceMs >= 0 && sinceMs < cooldownMs) {
    const leftSeconds = Math.ceil((cooldownMs - sinceMs) / 1000);
    return { state, next: "nothing", why: `restarted before; no other one for ${leftSeconds} s` };
  }
  const restarted = { failures: 0, restartedAt: look.now.toISOString() };
  return { state: restarted, next: "restart", why: `${failures} failure(s) in a row` };
}
