import { expect, test } from "vitest";
import { FAILED, RECOVERED } from "../../testing/scratch-event.ts";
import { countOf } from "./alert-message.ts";
import { noAlerts, type Outbox, outboxOf } from "./alert-state.ts";
import {
  admit,
  type AlertRules,
  nextMessageTime,
  noteDelivered,
  noteFailed,
  type Outgoing,
  pendingAlerts,
  takeMessage,
} from "./outbox.ts";

const RULES: AlertRules = { groupMs: 0, repeatMs: 600_000, limitMs: 10_000 };

const KEYS = ["a", "b", "c"];

/** The same numbers for the same seed. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return (state >> 8) % sides;
  };
}

function emptyOutbox(): Outbox {
  return outboxOf(noAlerts(), "ops");
}

/** A channel to which anything happens in any order, and what its readers know. */
function scene() {
  const outbox = emptyOutbox();
  let nowMs = Date.parse(FAILED.at);
  let inFlight: Outgoing | undefined;
  const readers = { firing: 0, states: new Map<string, boolean>() };
  const take = () => {
    inFlight = takeMessage(outbox, nowMs) ?? inFlight;
  };
  const finish = (isDelivered: boolean) => {
    if (!inFlight || outbox.inFlight?.id !== inFlight.id) return;
    const { message } = inFlight;
    if (isDelivered) {
      noteDelivered(outbox, inFlight, { nowMs, limitMs: RULES.limitMs });
      const resolved = message.items.filter(({ event }) => event.kind === "recovered").length;
      readers.firing += countOf(message) - resolved;
      for (const { event } of message.items) readers.states.set(event.key, event.kind === "fail");
    } else noteFailed(outbox, inFlight, { nowMs, why: "HTTP 503", retryAfterMs: 0 });
    inFlight = undefined;
  };
  return {
    readers,
    take,
    finish,
    pass: (seconds: number) => void (nowMs += seconds * 1000),
    say: (key: string, isResolved: boolean) => {
      admit(outbox, { ...(isResolved ? RECOVERED : FAILED), key }, { rules: RULES, nowMs });
    },
    /** Delivers everything that waits. */
    settle: () => {
      for (
        let at = nextMessageTime(outbox, nowMs);
        at !== undefined;
        at = nextMessageTime(outbox, nowMs)
      ) {
        nowMs = Math.max(nowMs, at);
        take();
        finish(true);
      }
    },
    uncounted: () => [...outbox.alerts.values()].reduce((sum, { count }) => sum + count, 0),
  };
}

test("whatever happens to its messages, each alert is counted once and the last state is told", () => {
  for (let seed = 1; seed <= 500; seed += 1) {
    const roll = dice(seed);
    const it = scene();
    const last = new Map<string, boolean>();
    let said = 0;
    for (let step = 0; step < 200; step += 1) {
      const action = roll(8);
      const key = KEYS[roll(KEYS.length)] ?? "a";
      if (action < 3) {
        it.say(key, false);
        said += 1;
        last.set(key, true);
      } else if (action === 3) {
        it.say(key, true);
        last.set(key, false);
      } else if (action === 4) it.pass(roll(200));
      else if (action === 5) it.take();
      else it.finish(action === 6);
    }

    it.settle();

    const about = `seed ${seed}`;
    expect(it.readers.firing + it.uncounted(), about).toBe(said);
    // A resolved notice may be left out when nobody was notified of the alert.
    for (const [key, isFiring] of last) {
      expect(it.readers.states.get(key) ?? false, about).toBe(isFiring);
    }
  }
});

test("a channel that is away for days keeps 200 alerts, and the number of all", () => {
  const outbox = emptyOutbox();
  let nowMs = Date.parse(FAILED.at);
  let said = 0;
  for (let round = 0; round < 20; round += 1) {
    for (let number = 0; number < 150; number += 1) {
      admit(outbox, { ...FAILED, key: `shop/${(said += 1)}/fail` }, { rules: RULES, nowMs });
    }
    const taken = takeMessage(outbox, nowMs);
    if (taken) noteFailed(outbox, taken, { nowMs, why: "HTTP 503", retryAfterMs: 0 });
    nowMs += 600_000;
  }

  const pending = pendingAlerts(outbox);
  expect(pending).toHaveLength(200);
  expect(pending.reduce((sum, { count }) => sum + count, outbox.overflow)).toBe(said);
});

test("a server that asks for a wait of years is asked again after an hour", () => {
  const outbox = emptyOutbox();
  const nowMs = Date.parse(FAILED.at);
  admit(outbox, FAILED, { rules: RULES, nowMs });
  const taken = takeMessage(outbox, nowMs);
  if (!taken) throw new Error("unreachable: an alert waits");

  noteFailed(outbox, taken, { nowMs, why: "HTTP 503", retryAfterMs: 1e12 });

  expect(nextMessageTime(outbox, nowMs)).toBe(nowMs + 3_600_000);
});

test("an alert that is refused for good three times is only counted, so that others get through", () => {
  const outbox = emptyOutbox();
  let nowMs = Date.parse(FAILED.at);
  admit(outbox, FAILED, { rules: RULES, nowMs });
  const sizes = [];
  for (let round = 0; round < 4; round += 1) {
    const taken = takeMessage(outbox, nowMs);
    if (!taken) throw new Error("unreachable: an alert waits");
    sizes.push([taken.message.items.length, taken.message.more]);
    noteFailed(outbox, taken, { nowMs, why: "HTTP 503", retryAfterMs: undefined });
    nowMs += 600_000;
  }

  expect(sizes).toEqual([
    [1, 0],
    [1, 0],
    [1, 0],
    [0, 1],
  ]);
});

test("an alert with a repeat time of its own is deduplicated for that long", () => {
  const outbox = emptyOutbox();
  const startMs = Date.parse(FAILED.at);
  const admitAfter = (seconds: number) => {
    const nowMs = startMs + seconds * 1000;
    const verdict = admit(outbox, { ...FAILED, repeatSeconds: 3600 }, { rules: RULES, nowMs });
    const message = takeMessage(outbox, nowMs);
    if (message) noteDelivered(outbox, message, { nowMs, limitMs: 0 });
    return verdict;
  };

  expect([0, 900, 3599, 3600].map(admitAfter)).toEqual([
    "held",
    "suppressed",
    "suppressed",
    "held",
  ]);
});
