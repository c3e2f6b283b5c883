import { expect, test } from "vitest";
import { FAILED } from "../../../testing/scratch-event.ts";
import { admit } from "./admission.ts";
import { type AlertBook, channelOf, EMPTY_BOOK, withChannel, withRecent } from "./alert-book.ts";
import { NEW_CHANNEL, withTold } from "./channel-memory.ts";
import { mergedBook } from "./merged-book.ts";

const NOW_MS = Date.parse(FAILED.at);
const RULES = { groupMs: 0, repeatMs: 600_000, limitMs: 10_000 };

test("a book grows no further by what a process remembered while the store was away", () => {
  const both = mergedBook(fullBook("a"), fullBook("b"));

  const { held, more, told } = channelOf(both, "ops");
  expect([both.recent.length, held.length, more, Object.keys(told).length]).toEqual([
    100, 200, 1000, 500,
  ]);
});

/** As much as a book remembers of 600 different alerts. */
function fullBook(name: string): AlertBook {
  let book = EMPTY_BOOK;
  let memory = NEW_CHANNEL;
  for (let number = 0; number < 600; number += 1) {
    const event = { ...FAILED, key: `shop/${name}-${number}/fail` };
    const told = { atMs: NOW_MS + number, isOpen: true, again: 0, tellings: [] };
    ({ memory } = admit(memory, event, { rules: RULES, nowMs: NOW_MS }));
    memory = withTold(memory, [[`told/${event.key}`, told]], NOW_MS);
    book = withRecent(book, event, { ops: "held" });
  }
  return withChannel(book, "ops", memory);
}
