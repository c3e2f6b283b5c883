import { expect, test } from "vitest";
import { FAILED, RECOVERED } from "../../../testing/scratch-event.ts";
import { admit, type PipelineRules } from "./admission.ts";
import { type ChannelMemory, NEW_CHANNEL } from "./channel-memory.ts";
import { failed, landed, messageOfFlight, nextTakeOff, takeFlight } from "./flight.ts";
import { countOf } from "../alert-message.ts";

const RULES: PipelineRules = { groupMs: 0, repeatMs: 600_000, limitMs: 10_000 };

const KEYS = ["a", "b", "c"];

/** The same numbers for the same seed. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return (state >> 8) % sides;
  };
}

/** A channel to which anything happens in any order, and what was told on it. */
function channel() {
  let memory: ChannelMemory = NEW_CHANNEL;
  let nowMs = Date.parse(FAILED.at);
  let flights = 0;
  const told = { beginnings: 0, open: new Map<string, boolean>() };
  const takeOff = () => {
    const id = String((flights += 1));
    const taken = takeFlight(memory, { nowMs, id, untilMs: nowMs + 60_000 });
    if (taken) ({ memory } = taken);
  };
  const arrive = (isTaken: boolean) => {
    const { flight } = memory;
    if (!flight) return;
    if (!isTaken) {
      memory = failed(memory, flight, { nowMs, retryAfterMs: 0 });
      return;
    }
    memory = landed(memory, flight, { nowMs, limitMs: RULES.limitMs });
    const ends = flight.items.filter(({ event }) => event.kind === "recovered").length;
    told.beginnings += countOf(messageOfFlight(flight)) - ends;
    for (const { event } of flight.items) told.open.set(event.key, event.kind === "fail");
  };
  return {
    told,
    takeOff,
    arrive,
    pass: (seconds: number) => void (nowMs += seconds * 1000),
    say: (key: string, isOver: boolean) => {
      ({ memory } = admit(
        memory,
        { ...(isOver ? RECOVERED : FAILED), key },
        { rules: RULES, nowMs },
      ));
    },
    /** Everything that waits is sent. */
    settle: () => {
      for (let at = nextTakeOff(memory); at !== undefined; at = nextTakeOff(memory)) {
        nowMs = Math.max(nowMs, at);
        takeOff();
        arrive(true);
      }
    },
    uncounted: () => Object.values(memory.told).reduce((sum, { again }) => sum + again, 0),
  };
}

test("whatever happens to its messages, each alert is counted once and the last state is told", () => {
  for (let seed = 1; seed <= 500; seed += 1) {
    const roll = dice(seed);
    const it = channel();
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
      else if (action === 5) it.takeOff();
      else it.arrive(action === 6);
    }

    it.settle();

    const about = `seed ${seed}`;
    expect(it.told.beginnings + it.uncounted(), about).toBe(said);
    // What ended without ever having been told to begin may be left out.
    for (const [key, isOpen] of last) expect(it.told.open.get(key) ?? false, about).toBe(isOpen);
  }
});

test("a channel that is away for days keeps 200 alerts, and the number of all", () => {
  let memory: ChannelMemory = NEW_CHANNEL;
  let nowMs = Date.parse(FAILED.at);
  let said = 0;
  for (let round = 0; round < 20; round += 1) {
    for (let number = 0; number < 150; number += 1) {
      const event = { ...FAILED, key: `shop/${(said += 1)}/fail` };
      ({ memory } = admit(memory, event, { rules: RULES, nowMs }));
    }
    const taken = takeFlight(memory, { nowMs, id: String(round), untilMs: nowMs + 60_000 });
    if (taken) memory = failed(taken.memory, taken.flight, { nowMs, retryAfterMs: 0 });
    nowMs += 600_000;
  }

  expect(memory.held).toHaveLength(200);
  expect(
    countOf(messageOfFlight({ id: "", untilMs: 0, items: memory.held, more: memory.more })),
  ).toBe(said);
});

test("a server that asks for a wait of years is asked again after an hour", () => {
  const nowMs = Date.parse(FAILED.at);
  const { memory } = admit(NEW_CHANNEL, FAILED, { rules: RULES, nowMs });
  const taken = takeFlight(memory, { nowMs, id: "1", untilMs: nowMs + 60_000 });
  if (!taken) throw new Error("unreachable: an alert is held");

  const after = failed(taken.memory, taken.flight, { nowMs, retryAfterMs: 1e12 });

  expect(nextTakeOff(after)).toBe(nowMs + 3_600_000);
});
