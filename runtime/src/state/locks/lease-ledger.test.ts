import { expect, test } from "vitest";

import { LeaseLedger, type LedgerEvent, ledgerKey } from "./lease-ledger.ts";
import { SLOTS_REMEMBERED } from "./slot-memory.ts";

const JOB = "nightly";

test("of two that take the same thing at once the first line wins", () => {
  const ledger = ledgerOf(take("a", 1), take("b", 1), take("c", 2));

  expect(ledger.holderOf(JOB)?.token).toBe("a");
});

test("a fence that somebody else has drawn takes nothing, whatever it was for", () => {
  const ledger = ledgerOf(take("a", 1), { ...take("b", 1), name: "other" });

  expect(ledger.holderOf("other")).toBeUndefined();
});

test("a place is taken over from the holder that was seen, and from no other", () => {
  const events = [take("a", 1), take("b", 2, "a"), take("c", 3, "a")];

  expect(ledgerOf(...events).holderOf(JOB)?.token).toBe("b");
});

test("only the holder gives back and finishes", () => {
  const key = ledgerKey(JOB, 60_000);
  const taken = { ...take("a", 1), slot: 60_000 };
  const over = { ...take("b", 2, "a"), slot: 60_000 };

  const late = ledgerOf(taken, over, { do: "finish", key, token: "a" });
  const own = ledgerOf(taken, over, { do: "finish", key, token: "b" });

  expect(late.holderOf(key)?.token).toBe("b");
  expect(late.isOpen(JOB, 60_000)).toBe(true);
  expect(own.finishedUnder(JOB, 60_000)).toBe(2);
  expect(own.isOpen(JOB, 60_000)).toBe(false);
});

test("slots older than those that are remembered are never given out", () => {
  const slots = Array.from({ length: SLOTS_REMEMBERED + 1 }, (_, at) => (at + 1) * 60_000);
  const events = slots.flatMap((slot, at): LedgerEvent[] => [
    { ...take(`t${at}`, at + 1), slot },
    { do: "finish", key: ledgerKey(JOB, slot), token: `t${at}` },
  ]);

  const ledger = ledgerOf(...events);

  expect(ledger.finishedUnder(JOB, 60_000)).toBeUndefined();
  expect(ledger.isOpen(JOB, 60_000)).toBe(false);
  expect(ledger.isOpen(JOB, (SLOTS_REMEMBERED + 2) * 60_000)).toBe(true);
});

test("a snapshot leads to the same as the events before it", () => {
  const key = ledgerKey(JOB, 60_000);
  const events: LedgerEvent[] = [
    { ...take("a", 1), slot: 60_000 },
    { do: "finish", key, token: "a" },
    take("b", 2),
    { ...take("c", 3), name: "other" },
    { do: "release", key: "other", token: "c" },
  ];

  const before = ledgerOf(...events).snapshot();
  const after = ledgerOf({ do: "snapshot", ...before }).snapshot();

  expect(after).toEqual(before);
  expect(before).toMatchObject({ fence: 3, finished: { [JOB]: [[60_000, 1]] } });
  expect(before.held.map(({ token }) => token)).toEqual(["b"]);
});

function ledgerOf(...events: LedgerEvent[]): LeaseLedger {
  const ledger = new LeaseLedger();
  for (const event of events) ledger.add(event);
  return ledger;
}

function take(token: string, fence: number, over?: string): Extract<LedgerEvent, { do: "take" }> {
  return { do: "take", name: JOB, token, fence, holder: token, sinceMs: 0, over };
}
