import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { slotsFor } from "./slots.ts";

test("no more runs at once than there are slots, and what failed gives its slot back", async () => {
  const slots = slotsFor(3);
  let running = 0;
  let most = 0;
  const work = (item: number) => async (): Promise<number> => {
    running++;
    most = Math.max(most, running);
    await sleep(1);
    running--;
    if (item % 2 === 0) throw new Error(`${item}`);
    return item;
  };

  const ended = await Promise.allSettled(
    Array.from({ length: 20 }, (_, item) => slots(work(item))),
  );

  expect(most).toBe(3);
  expect(ended.filter((it) => it.status === "fulfilled")).toHaveLength(10);
});
