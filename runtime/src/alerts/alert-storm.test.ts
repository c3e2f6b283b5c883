import { expect, test } from "vitest";
import { handClock, listChannel, scratchAlerts } from "../../testing/scratch-alerts.ts";
import { FAILED, RECOVERED } from "../../testing/scratch-event.ts";
import { countOf } from "./alert-message.ts";

test("1,000 equal alerts are one message, and their end is one that says how many they were", async () => {
  const channel = listChannel("ops");
  const clock = handClock();
  const { alerts } = scratchAlerts([channel], { clock });

  const deliveries: string[] = [];
  for (let count = 0; count < 1000; count += 1) {
    deliveries.push(await alerts.send({ ...FAILED, at: clock.now().toISOString() }));
    clock.passSeconds(0.59);
  }
  const over = await alerts.send(RECOVERED);

  expect([deliveries[0], new Set(deliveries.slice(1)), over]).toEqual([
    "sent",
    new Set(["suppressed"]),
    "sent",
  ]);
  expect(
    channel.messages.map((it) => it.items.map(({ event, count }) => [event.kind, count])),
  ).toEqual([[["fail", 1]], [["recovered", 1000]]]);
});

test("1,000 equal alerts at once are one message, too", async () => {
  const channel = listChannel("ops");
  const clock = handClock();
  const { alerts } = scratchAlerts([channel], { clock });

  await Promise.all(Array.from({ length: 1000 }, () => alerts.send(FAILED)));
  clock.passSeconds(11);
  await alerts.send(RECOVERED);

  expect(channel.messages.map(countOf)).toEqual([1, 1000]);
});

test("500 different alerts in a second are one message and one digest, and none is uncounted", async () => {
  const channel = listChannel("ops");
  const clock = handClock();
  const { alerts } = scratchAlerts([channel], { clock });

  const sends = [];
  for (let number = 0; number < 500; number += 1) {
    sends.push(alerts.send({ ...FAILED, key: `shop/job-${number}/fail` }));
    clock.passSeconds(0.002);
  }
  await Promise.all(sends);
  const within = channel.messages.length;
  const recent = await alerts.recent(100);
  clock.passSeconds(10);
  await alerts.close(20_000);

  expect(within).toBe(1);
  // The last ones are known by their number only, so they do not wait for a message of their own.
  expect(new Set(recent.map((it) => it.deliveries["ops"]))).toEqual(new Set(["suppressed"]));
  expect(channel.messages.map(countOf)).toEqual([1, 499]);
});
